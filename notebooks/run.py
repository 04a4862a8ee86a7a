#!/usr/bin/python3
"""Executes notebooks and keeps every output.

    /usr/bin/python3 notebooks/run.py [--check] [NOTEBOOK.ipynb ...]

Without --check, the outputs are written back. With it nothing is written: the outputs must be those that are there
already. A cell that fails ends its notebook, and the exit status is 1.
"""

import argparse
import json
import os
import queue
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
os.environ["JUPYTER_PATH"] = str(HERE / "jupyter")
os.environ["NO_COLOR"] = "1"

from jupyter_client import KernelManager  # noqa: E402

# The kernel sends a cell's last outputs up to some milliseconds after it has said that it is idle.
DRAIN_S = 0.2


class CellFailed(Exception):
    pass


def output_of(message):
    """A message of the kernel as a notebook keeps it; None for what a notebook does not keep."""
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        return {"output_type": kind, "name": content["name"], "text": lines(content["text"])}
    if kind in ("display_data", "execute_result"):
        kept = {"output_type": kind, "data": {mime: lines(data) for mime, data in content["data"].items()}, "metadata": {}}
        return {**kept, "execution_count": content["execution_count"]} if kind == "execute_result" else kept
    return None


def lines(text):
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def execute(client, code, timeout_s):
    """Runs one cell; returns its outputs in order."""
    request = client.execute(code, allow_stdin=False)
    deadline, idle, outputs = time.monotonic() + timeout_s, False, []
    while True:
        try:
            message = client.get_iopub_msg(timeout=DRAIN_S)
        except queue.Empty:
            if idle:
                return outputs
            if not client.is_alive():
                raise CellFailed("the kernel has died")
            if time.monotonic() > deadline:
                raise CellFailed(f"took longer than {timeout_s:g} s")
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "error":
            raise CellFailed(f"{content['ename']}: {content['evalue']}\n" + "\n".join(content["traceback"]))
        if message["msg_type"] == "status":
            idle = idle or content["execution_state"] == "idle"
        output = output_of(message)
        if output is None:
            continue
        last = outputs[-1] if outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] = lines("".join(last["text"] + output["text"]))
        else:
            outputs.append(output)


def run(path, check, timeout_s):
    """Executes one notebook. Returns what is wrong with it, in words; empty where nothing is."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    manager = KernelManager(kernel_name="tierwise-deno")
    manager.start_kernel(cwd=str(path.parent))
    client = manager.blocking_client()
    client.start_channels()
    stale, count = [], 0
    try:
        client.wait_for_ready(timeout=timeout_s)
        for number, cell in enumerate(notebook["cells"], start=1):
            if cell["cell_type"] != "code":
                continue
            count += 1
            try:
                outputs = execute(client, "".join(cell["source"]), timeout_s)
            except CellFailed as failed:
                return [f"cell {number} failed: {failed}"]
            if outputs != cell["outputs"]:
                stale.append(f"cell {number} gives other outputs than are kept; run notebooks/run.py {path.name}")
            cell["outputs"], cell["execution_count"] = outputs, count
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if check:
        return stale
    write(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    return []


def write(path, text):
    """Replaces the file in one step: a notebook is never half written."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(text)
    os.chmod(file.name, path.stat().st_mode)
    os.replace(file.name, path)


def main():
    options = argparse.ArgumentParser(description="Executes notebooks and keeps every output.")
    options.add_argument("notebooks", nargs="*", type=Path, help="left out: all beside this file")
    options.add_argument("--check", action="store_true", help="write nothing; outputs must be those that are kept")
    options.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="for one cell (120)")
    chosen = options.parse_args()
    failed = False
    for path in chosen.notebooks or sorted(HERE.glob("*.ipynb")):
        began = time.monotonic()
        wrong = run(path.resolve(), chosen.check, chosen.timeout)
        failed = failed or bool(wrong)
        print(f"{path.name}: {'; '.join(wrong) or 'ok'} ({time.monotonic() - began:.1f} s)", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
