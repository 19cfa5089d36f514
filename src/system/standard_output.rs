//! Whether standard output was open when the program started.
//!
//! Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, before `main`. What is written there
//! is lost without an error, and a stream closed by the shell (`>&-`) then looks like one sent to `/dev/null` on purpose.
//! So the stream is looked at before the runtime starts.

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

#[ctor::ctor]
fn look() {
    // An open stream that cannot be asked is none of our business: the first write to it will tell.
    let flags = rustix::io::fcntl_getfd(rustix::stdio::stdout());
    CLOSED.store(flags == Err(rustix::io::Errno::BADF), Ordering::Relaxed);
}

/// Whether the program was started with its standard output closed.
#[must_use]
pub fn was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}
