//! Performs the steps of scenarios on the running kernel and compares every field with the model.

use std::process::ExitCode;

#[cfg(all(target_os = "linux", probe))]
fn main() -> ExitCode {
    native_verify::command_line()
}

#[cfg(not(all(target_os = "linux", probe)))]
fn main() -> ExitCode {
    eprintln!(
        "native-verify compares the model with a running Linux kernel, on x86_64 or aarch64. This machine is neither;\n\
         `cargo run -- run scenarios/` asks the model alone."
    );
    ExitCode::from(2)
}
