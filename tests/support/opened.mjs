/**
 * What a test has started, to be ended in one place and in reverse order, also where the start of a later thing
 * failed.
 */
export function openedThings() {
  const endings = [];
  return {
    /** Waits for `starting`, remembers how to end it with `end(thing)`, and gives it. */
    async add(starting, end) {
      const thing = await starting;
      endings.push(() => end(thing));
      return thing;
    },
    /** Ends everything; an ending that fails does not keep the others from being tried. */
    async close() {
      const failures = [];
      for (const end of endings.splice(0).reverse()) {
        await Promise.resolve()
          .then(end)
          .catch((error) => failures.push(error));
      }
      if (failures.length > 0) throw new AggregateError(failures, "could not end everything");
    },
  };
}
