//! From the send to the receiver, at a tenth of the load that the transport can bear.
pub(crate) fn run() {}
