//! A process of ours does not outlive the gilsim that started it.
//!
//! Each finds its input hung up when that one is gone, and ends by itself. One that is stopped cannot look, so
//! where the kernel can be asked to end it, it is.

/// Has the kernel end this process with the thread that started it (Linux; elsewhere nothing is done).
pub fn tie_to_parent() {
    #[cfg(target_os = "linux")]
    {
        // An error leaves the hang-up, which comes in any case.
        let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    }
}
