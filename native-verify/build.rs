//! Compiles the probe, so that `native-verify` is one file that carries it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=probe/main.rs");
    println!("cargo::rerun-if-changed=src/tape");
    println!("cargo::rustc-check-cfg=cfg(probe)");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let known = ["x86_64", "aarch64"].contains(&variable("CARGO_CFG_TARGET_ARCH").as_str());
    if variable("CARGO_CFG_TARGET_OS") != "linux" || !known {
        return;
    }
    let probe = PathBuf::from(variable("OUT_DIR")).join("probe");
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--edition=2024", "--crate-name=probe", "--crate-type=bin", "probe/main.rs"]);
    rustc.args(["--deny=warnings", "--target", &variable("TARGET")]);
    rustc.args(["-Copt-level=s", "-Cpanic=abort", "-Crelocation-model=static", "-Cstrip=symbols"]);
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-Wl,-z,norelro,-z,noseparate-code,--build-id=none"] {
        rustc.arg(format!("-Clink-arg={argument}"));
    }
    let linker = format!("CARGO_TARGET_{}_LINKER", variable("TARGET").replace('-', "_").to_uppercase());
    if let Ok(linker) = env::var(linker) {
        rustc.arg(format!("-Clinker={linker}"));
    }
    let status = rustc.arg("-o").arg(&probe).status();
    assert!(status.is_ok_and(|status| status.success()), "the probe does not compile: {rustc:?}");
    println!("cargo::rustc-cfg=probe");
    println!("cargo::rustc-env=PROBE={}", probe.display());
}
