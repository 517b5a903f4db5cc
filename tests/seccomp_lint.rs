//! What lint says about the profiles that other projects have.

#![allow(clippy::unwrap_used, reason = "a helper of tests may say what it expects")]

#[allow(dead_code, reason = "other tests ask for rows too")]
mod archive;

use std::collections::BTreeMap;

use sim_core::seccomp::lint::{Severity, lint};
use sim_core::seccomp::profile::{Engine, Profile, Target};
use sim_core::seccomp::syscalls::Abi;

/// The profile in which moby's documentation has an errno that cannot be returned.
const WITH_ERROR: &str = "profiles/example.json";

#[test]
fn real_profiles_have_no_errors_but_one() {
    let Some(files) = archive::archive("profiles.tar.xz") else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut profiles = 0;
    // In bpf/ are the same, resolved.
    let own = |name: &str| {
        name.rsplit('.').next() == Some("json") && !name.ends_with("manifest.json") && !name.contains("/bpf/")
    };
    for (name, bytes) in files.iter().filter(|(name, _)| own(name)) {
        let profile = Profile::read(bytes).unwrap();
        profiles += 1;
        for (native, engine) in
            [Abi::X86_64, Abi::AARCH64].into_iter().flat_map(|abi| [(abi, Engine::DOCKER), (abi, Engine::PODMAN)])
        {
            for finding in lint(&profile, &Target::new(native, engine)) {
                *counts.entry(format!("{} {}", finding.severity, finding.lint)).or_default() += 1;
                if finding.severity == Severity::Error {
                    let errno = (name.as_str(), finding.lint.name()) == (WITH_ERROR, "errno-out-of-range");
                    assert!(errno, "{name} on {native}: {finding}");
                }
            }
        }
    }
    println!("{profiles} profiles, four targets each: {counts:?}");
    assert_eq!(counts.get("error errno-out-of-range"), Some(&4));
    assert!(profiles >= 12, "{profiles}");
}
