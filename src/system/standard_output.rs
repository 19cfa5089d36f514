//! What standard output is: whether it was open when the program started, and what can be shown there.
//!
//! Rust's runtime opens `/dev/null` in the place of a standard stream that is closed, before `main`. What is written there
//! is lost without an error, and a stream closed by the shell (`>&-`) then looks like one sent to `/dev/null` on purpose.
//! So the stream is looked at before the runtime starts.

use std::env;
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

/// Whether the locale says that more than ASCII can be shown: the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set
/// names UTF-8.
#[must_use]
pub fn shows_unicode() -> bool {
    let set = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
