use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use sim_core::capability::{CapSet, Capability};
use sim_core::file::{Revision, VfsCaps};

use super::asked::{Program, Run};
use crate::sys;

/// Where the image is, inside.
pub(super) const FOLDER: &str = "/tmp/image";

/// Users by name, as `/etc/passwd` of the image has them: name, uid, gid.
pub(super) const USERS: [(&str, u32, u32); 3] = [("root", 0, 0), ("toor", 0, 0), ("nobody", 65_534, 65_534)];

/// Who is in the group [`EXTRA_GROUP`].
pub(super) const MEMBERS: [&str; 2] = ["nobody", "toor"];
pub(super) const EXTRA_GROUP: u32 = 50;

/// Makes the image: busybox under the names of [`Program`], users and groups.
pub(super) fn build() -> Result<()> {
    let folder = Path::new(FOLDER);
    for part in ["bin", "etc", "proc", "sys", "dev", "run", "tmp"] {
        fs::create_dir_all(folder.join(part))?;
    }
    // Engines mount over them, and cannot make them where the container's root is not the machine's.
    for part in ["etc/hosts", "etc/hostname", "etc/resolv.conf", "run/.containerenv"] {
        fs::write(folder.join(part), "")?;
    }
    for program in Program::ALL {
        let path = folder.join(program.path().trim_start_matches('/'));
        fs::copy("/bin/busybox", &path).context("the suite has no busybox")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        if let Some(caps) = capabilities(program) {
            sys::set_capability_attribute(&path, Some(&caps.to_bytes()))
                .with_context(|| format!("{} keeps no capabilities", path.display()))?;
        }
    }
    let passwd = USERS.map(|(name, uid, gid)| format!("{name}:x:{uid}:{gid}::/:/bin/busybox\n"));
    fs::write(folder.join("etc/passwd"), passwd.concat())?;
    let group = format!("root:x:0:\nextra:x:{EXTRA_GROUP}:{}\nnogroup:x:65534:\n", MEMBERS.join(","));
    fs::write(folder.join("etc/group"), group)?;
    Ok(())
}

/// The supplementary groups that an engine finds for a user, in order.
///
/// Every engine reads `/etc/group` of the image. Docker adds the user's own group since 20.10.18 (CVE-2022-36109), Podman
/// since 4.3 (CVE-2022-2989) where a user is asked for, and neither where the group is written too.
pub(super) fn groups(engine: &str, user: &str) -> Vec<u32> {
    let own = |name: &str| USERS.iter().find(|(known, ..)| *known == name).map_or(0, |(.., gid)| *gid);
    match (engine, user.split_once(':')) {
        ("docker" | "podman", None) => {
            let member = MEMBERS.contains(&user).then_some(EXTRA_GROUP);
            let mut groups: Vec<_> = [own(user)].into_iter().chain(member).collect();
            groups.sort_unstable();
            if engine == "podman" && user.is_empty() { Vec::new() } else { groups }
        }
        ("docker" | "podman", Some((_, group))) => group.parse().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The attribute of a file.
fn capabilities(program: Program) -> Option<VfsCaps> {
    let (effective, revision) = match program {
        Program::Plain => return None,
        Program::Effective | Program::ShellThenEffective => (true, Revision::V2),
        Program::Permitted | Program::ShellThenPermitted => (false, Revision::V2),
        Program::Mapped => (true, Revision::V3 { rootid: Run::MAPPED }),
    };
    let permitted = [Capability::NET_BIND_SERVICE].into_iter().collect();
    Some(VfsCaps { revision, flags: effective.into(), permitted, inheritable: CapSet::EMPTY })
}
