//! What the operating system is told about this process: its memory and its files hold other people's secrets.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, setrlimit, umask};

/// What people call the machine, for those who look for a replica that is behind.
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{name}:{}", rustix::process::getpid())
}

/// No core dumps, no debugger of another process of the same user, and new files for the owner only. Where the system
/// refuses any of this the server is still worth running.
pub(crate) fn keep_to_itself() {
    umask(Mode::RWXG | Mode::RWXO);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
