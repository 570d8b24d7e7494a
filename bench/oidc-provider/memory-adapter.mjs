// The fastest database that oidc-provider can have: maps of the same process. Its own adapter keeps a thousand entries and
// goes through all tokens of a grant each time that one is added.
export class MemoryAdapter {
  static #grants = new Map();
  #entries = new Map();

  async upsert(id, payload) {
    this.#entries.set(id, payload);
    const { grantId } = payload;
    if (!grantId) return;
    const members = MemoryAdapter.#grants.get(grantId);
    if (members) members.push([this, id]);
    else MemoryAdapter.#grants.set(grantId, [[this, id]]);
  }

  async find(id) {
    return this.#entries.get(id);
  }

  async consume(id) {
    this.#entries.get(id).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.#entries.delete(id);
  }

  async revokeByGrantId(grantId) {
    for (const [adapter, id] of MemoryAdapter.#grants.get(grantId) ?? []) await adapter.destroy(id);
    MemoryAdapter.#grants.delete(grantId);
  }
}
