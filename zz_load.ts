import { readRuns } from "./src/store/index.ts";
import { aloneIn, amongOthers, processorSecondsIn } from "./bench/fidelity/alone.ts";
const folder="/tmp/tierwise-bench-testbed/";
for (const p of ["edge","mobile-edge"]) {
  const runs=readRuns(folder+`load-mlsd-tiny-${p}-streams.csv`).runs.filter(r=>r.latency_s!==null);
  const rates=[...new Set(runs.map(r=>r.rate!))];
  // rates order: light, full, 0.3,.5,.8
  const sorted=[...rates].sort((a,b)=>a-b); const light=sorted[0]!, full=sorted.at(-1)!;
  console.log(p,sorted);
  const of=(rate:number,k:number)=>runs.filter(r=>r.rate===rate&&r.repeat===k);
  for (const rate of sorted.slice(1,-1)) {
    const q:number[][]=[[],[],[],[]];
    for(let k=1;k<=20;k++){ const a=aloneIn(of(light,k),2e9), b=processorSecondsIn(of(full,k)); const pr=amongOthers(rate,a,b).processor_s; const me=processorSecondsIn(of(rate,k));
      q[0]!.push(pr.mobile);q[1]!.push(me.mobile);q[2]!.push(pr.edge);q[3]!.push(me.edge);}
    const m=(x:number[])=>x.reduce((s,v)=>s+v,0)/x.length*1e3; const sd=(x:number[])=>{const mu=m(x);return Math.sqrt(x.reduce((s,v)=>s+(v*1e3-mu)**2,0)/x.length)};
    console.log(rate,"mobile pred/meas",m(q[0]!).toFixed(2),m(q[1]!).toFixed(2),"edge",m(q[2]!).toFixed(2),m(q[3]!).toFixed(2),"sd pred",sd(q[2]!).toFixed(2),"sd meas",sd(q[3]!).toFixed(2), "meas by round",q[3]!.map(v=>(v*1e3).toFixed(1)).join(" "));
  }
  for (const rate of [light,full]) console.log(rate,[...Array(20)].map((_,i)=>{const x=processorSecondsIn(of(rate,i+1));return (x.mobile*1e3).toFixed(1)+"/"+(x.edge*1e3).toFixed(1)}).join(" "));
}
