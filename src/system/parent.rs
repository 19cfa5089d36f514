//! No process that gilsim starts outlives it.
//!
//! A child ends by itself when its standard input is closed, which happens when its parent is gone. A child that is
//! suspended cannot do that, so the kernel is asked to end it, where it can be asked.

/// Has the kernel end this process with the thread that started it (Linux; elsewhere nothing is done).
pub fn end_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // An error leaves the hang-up, which comes in any case.
        let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    }
}
