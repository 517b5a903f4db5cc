use super::asked::{Asked, Example, Program, Run, What};
use super::config::Config;
use super::engine::EngineName;

/// Users as they are written; the image has `toor` as a second name of uid 0.
const USERS: [Option<&str>; 7] =
    [None, Some("0"), Some("root"), Some("1024"), Some("1024:1024"), Some("nobody"), Some("toor")];

/// What is added: nothing, one, everything, two, a name that nobody knows, one in lower case, and one that hosts may
/// lack.
const ADDED: [&[&str]; 7] = [
    &[],
    &["NET_BIND_SERVICE"],
    &["ALL"],
    &["SYS_ADMIN", "NET_RAW"],
    &["CAP_NOT_ONE"],
    &["cap_net_bind_service"],
    &["CAP_SYS_RESOURCE"],
];

/// What is dropped; the last stands for what is added.
const DROPPED: [Option<&[&str]>; 5] =
    [Some(&[]), Some(&["ALL"]), Some(&["NET_BIND_SERVICE"]), Some(&["CHOWN"]), None];

const BOTH: [bool; 2] = [false, true];

/// Everything that an engine is asked.
pub(super) fn of(engine: EngineName) -> Vec<Asked> {
    let mut asked = if engine.is_runtime() {
        configs().into_iter().chain(denied()).chain(examples()).collect()
    } else {
        let mut asked = requests();
        asked.extend(on_the_host_network());
        asked.extend(files());
        asked.extend(with_profile());
        if engine == EngineName::Podman {
            asked.extend(mapped());
            asked.extend(without_configuration());
        }
        asked
    };
    asked.sort();
    asked.dedup();
    asked
}

/// Every user, addition, drop, with and without privileged and no-new-privileges.
fn requests() -> Vec<Asked> {
    let mut asked = Vec::new();
    for user in USERS {
        for added in ADDED {
            for dropped in DROPPED {
                for privileged in BOTH {
                    for no_new_privileges in BOTH {
                        asked.push(plain(Run {
                            privileged,
                            no_new_privileges,
                            ..run(user, added, dropped.unwrap_or(added))
                        }));
                    }
                }
            }
        }
    }
    asked
}

/// The host's network has its own settings.
fn on_the_host_network() -> impl Iterator<Item = Asked> {
    USERS
        .into_iter()
        .flat_map(|user| BOTH.map(|privileged| plain(Run { privileged, host_network: true, ..run(user, &[], &[]) })))
}

/// A profile that is asked for counts where the engine's own does not.
fn with_profile() -> impl Iterator<Item = Asked> {
    USERS.into_iter().flat_map(|user| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(privileged, no_new_privileges)| {
            plain(Run { profile: true, privileged, no_new_privileges, ..run(user, &[], &[]) })
        })
    })
}

/// Files with capabilities.
fn files() -> Vec<Asked> {
    let mut asked = Vec::new();
    for program in [Program::Effective, Program::Permitted, Program::ShellThenEffective, Program::ShellThenPermitted]
    {
        for user in [None, Some("1024"), Some("nobody")] {
            for added in [&[][..], &["NET_BIND_SERVICE"]] {
                for dropped in [&[][..], &["ALL"], &["NET_BIND_SERVICE"]] {
                    for (privileged, no_new_privileges) in
                        [(false, false), (false, true), (true, false), (true, true)]
                    {
                        let run = Run { privileged, no_new_privileges, ..run(user, added, dropped) };
                        asked.push(Asked { what: What::Run(run), program });
                    }
                }
            }
        }
    }
    asked
}

/// Containers with a user namespace.
fn mapped() -> Vec<Asked> {
    let mut asked = Vec::new();
    for user in USERS {
        for added in [&[][..], &["NET_BIND_SERVICE"], &["ALL"]] {
            for program in Program::ALL {
                for no_new_privileges in BOTH {
                    let run = Run { mapped: true, no_new_privileges, ..run(user, added, &[]) };
                    asked.push(Asked { what: What::Run(run), program });
                }
            }
        }
    }
    asked
}

/// Podman's own defaults, where the distribution has others.
fn without_configuration() -> impl Iterator<Item = Asked> {
    USERS.into_iter().flat_map(|user| {
        let added = [&[][..], &["NET_BIND_SERVICE"], &["ALL"]];
        added.map(|added| plain(Run { own_defaults: true, ..run(user, added, &[]) }))
    })
}

fn run(user: Option<&str>, added: &[&str], dropped: &[&str]) -> Run {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Run { user: user.map(str::to_owned), cap_add: owned(added), cap_drop: owned(dropped), ..Run::default() }
}

fn plain(run: Run) -> Asked {
    Asked { what: What::Run(run), program: Program::Plain }
}

/// CAP_NET_BIND_SERVICE, CAP_SETPCAP and others, one set a name below.
const NOTHING: &str = "0";
const BIND: &str = "400";
const DOCKER: &str = "a80425fb";
/// With CAP_SYS_RESOURCE, which hosts may lack.
const MORE: &str = "1000400";

/// Every set small, larger, and partly outside of the others: P beyond B, ambient without inheritable, and so on.
fn configs() -> Vec<Asked> {
    let mut asked = Vec::new();
    let sets = [NOTHING, BIND, DOCKER];
    for index in 0..3_usize.pow(5) {
        let at = |place: u32| sets.get(index / 3_usize.pow(place) % 3).copied().unwrap_or(NOTHING).to_owned();
        for (uid, gid) in [(0, 0), (1024, 1024)] {
            for no_new_privileges in BOTH {
                let config = Config { uid, gid, no_new_privileges, ..config([at(0), at(1), at(2), at(3), at(4)]) };
                asked.push(Asked { what: What::Config(config), program: Program::Plain });
            }
        }
    }
    for program in [Program::Effective, Program::Permitted, Program::ShellThenEffective] {
        for sets in [
            [NOTHING; 5],
            [BIND, BIND, BIND, BIND, BIND],
            [BIND, BIND, NOTHING, BIND, NOTHING],
            [DOCKER; 5],
            [NOTHING, NOTHING, NOTHING, BIND, NOTHING],
        ] {
            for (uid, gid) in [(0, 0), (1024, 1024)] {
                for no_new_privileges in BOTH {
                    let config = Config { uid, gid, no_new_privileges, ..config(sets.map(str::to_owned)) };
                    asked.push(Asked { what: What::Config(config), program });
                }
            }
        }
    }
    for place in 0..5 {
        let mut sets = [BIND; 5].map(str::to_owned);
        if let Some(set) = sets.get_mut(place) {
            MORE.clone_into(set);
        }
        for uid in [0, 1024] {
            for unknown_name in BOTH {
                let config = Config { uid, gid: uid, groups: vec![50], unknown_name, ..config(sets.clone()) };
                asked.push(Asked { what: What::Config(config), program: Program::Plain });
            }
        }
    }
    asked
}

/// Profiles that deny a call which the runtime makes itself.
fn denied() -> Vec<Asked> {
    let mut asked = Vec::new();
    let calls =
        ["capset", "prctl", "setuid", "setresuid", "setgid", "setresgid", "setgroups", "execve", "seccomp", "bind"];
    for denied in calls.map(|call| vec![call.to_owned()]).into_iter().chain([Vec::new()]) {
        for uid in [0, 1024] {
            for sets in [[DOCKER, DOCKER, NOTHING, DOCKER, NOTHING], [BIND, BIND, BIND, DOCKER, BIND], [NOTHING; 5]] {
                for no_new_privileges in BOTH {
                    let denied = Some(denied.clone());
                    let sets = sets.map(str::to_owned);
                    let config = Config { uid, gid: uid, no_new_privileges, denied, ..config(sets) };
                    asked.push(Asked { what: What::Config(config), program: Program::Plain });
                }
            }
        }
    }
    asked
}

/// What the runtime gives as an example.
fn examples() -> impl Iterator<Item = Asked> {
    [0, 1024].into_iter().flat_map(|id| {
        BOTH.map(|no_new_privileges| Asked {
            what: What::Example(Example { id, no_new_privileges }),
            program: Program::Plain,
        })
    })
}

fn config(sets: [String; 5]) -> Config {
    Config { uid: 0, gid: 0, groups: Vec::new(), sets, unknown_name: false, no_new_privileges: false, denied: None }
}

#[cfg(test)]
mod tests {
    use super::super::engine::EngineName;
    use super::of;

    #[test]
    fn every_request_is_made_once() {
        for engine in [EngineName::Docker, EngineName::Podman, EngineName::Runc, EngineName::Crun] {
            let asked = of(engine);
            assert!(asked.len() > 900, "{engine:?}: {}", asked.len());
            assert!(asked.is_sorted_by(|one, next| one < next));
        }
    }
}
