/**
 * Something wrong with what the user gave: a file, an option, a value. The message says what was wrong, where, and what
 * to do; the command line prints it without a stack trace and exits with status 2.
 */
export class Problem extends Error {
  override readonly name = "Problem";
}
