/** What the snippets take from the reader's own code. */
export async function accountOfKey(key: string): Promise<string | undefined> {
  return key ? "acc_1" : undefined;
}
