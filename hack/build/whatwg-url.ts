/**
 * In the bundle, what node-fetch (a dependency of a dependency) takes for an older Node's missing URL. Node has one; the package of this
 * name would bring tables, and a warning at each start that its `punycode` is deprecated.
 */
export const URL = globalThis.URL;
