//! Publishing to Redis and consuming from it, against the raw client with the same fields on the same server.
pub(crate) fn run() {}
