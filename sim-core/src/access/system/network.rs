use super::{demand_capability, demand_either, demand_in_init};
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::{Kgid, Thread};
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, Refusal, demand, refuse};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::{PING_GROUP_RANGE, System};

named! {
    /// The domain of a socket.
    SocketDomain {
        /// The internet, version 4.
        Inet "AF_INET";
        /// The internet, version 6.
        Inet6 "AF_INET6";
        /// What a network device receives and sends, as it is.
        Packet "AF_PACKET";
        /// Processes of the same machine.
        Unix "AF_UNIX";
    }
}

named! {
    /// The type of a socket.
    SocketType {
        /// Raw: of AF_INET and AF_INET6 with the protocol ICMP, for without one no raw socket can be made; AF_UNIX takes it for
        /// SOCK_DGRAM.
        Raw "SOCK_RAW";
        /// A stream.
        Stream "SOCK_STREAM";
        /// Datagrams.
        Datagram "SOCK_DGRAM";
    }
}

named! {
    /// The protocol of a socket, where it is not the usual one of its domain and type.
    SocketProtocol {
        /// ICMP: echo requests and replies only, with `SOCK_DGRAM` of `AF_INET`.
        Icmp "IPPROTO_ICMP";
        /// The same of `AF_INET6`.
        IcmpV6 "IPPROTO_ICMPV6";
    }
}

/// Decides socket(2).
///
/// ```
/// use sim_core::access::{SocketDomain, SocketProtocol, SocketType, socket};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = socket(&System::default(), &user, SocketDomain::Inet, SocketType::Raw, None, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "socket.raw"));
/// assert_eq!(socket(&System::default(), &user, SocketDomain::Unix, SocketType::Raw, None, &mut Silent).refusal(), None);
///
/// let icmp = Some(SocketProtocol::Icmp);
/// let ping = |system: System| socket(&system, &user, SocketDomain::Inet, SocketType::Datagram, icmp, &mut Silent).refusal();
/// assert_eq!(ping(System::default()).unwrap().errno, Errno::EACCES);
/// assert_eq!(ping(System { ping_group_range: [0, 1000], ..System::default() }), None);
/// ```
pub fn socket<W: Witness>(
    system: &System,
    thread: &Thread,
    domain: SocketDomain,
    kind: SocketType,
    protocol: Option<SocketProtocol>,
    witness: &mut W,
) -> Outcome<()> {
    let demand_net_raw = |rule, witness: &mut W| {
        let owner = thread.namespaces.network;
        demand_capability(system, thread, owner, Capability::NET_RAW, Errno::EPERM, rule, witness)
    };
    let decide = |witness: &mut W| match (domain, kind) {
        (SocketDomain::Packet, _) => {
            demand_net_raw(&rules::SOCKET_PACKET, witness)?;
            let (known, rule) = (kind != SocketType::Stream, &rules::SOCKET_PACKET_TYPE);
            demand(known, Errno::ESOCKTNOSUPPORT, rule, CapSet::EMPTY, Condition::PacketTypeKnown, witness)
        }
        (SocketDomain::Inet | SocketDomain::Inet6, SocketType::Raw) => {
            witness.not_applied(&rules::SOCKET_UNPRIVILEGED, Condition::SocketIsRaw);
            demand_net_raw(&rules::SOCKET_RAW, witness)
        }
        (SocketDomain::Inet, SocketType::Datagram) if protocol == Some(SocketProtocol::Icmp) => {
            demand_ping_group(system, thread, witness)
        }
        (SocketDomain::Inet6, SocketType::Datagram) if protocol == Some(SocketProtocol::IcmpV6) => {
            demand_ping_group(system, thread, witness)
        }
        _ => {
            let known = match domain {
                SocketDomain::Unix => protocol != Some(SocketProtocol::IcmpV6),
                _ => protocol.is_none(),
            };
            let (rule, condition) = (&rules::SOCKET_PROTOCOL, Condition::ProtocolKnown);
            demand(known, Errno::EPROTONOSUPPORT, rule, CapSet::EMPTY, condition, witness)?;
            witness.applied(&rules::SOCKET_UNPRIVILEGED, Effect::Holds);
            Ok(())
        }
    };
    decide(witness).into()
}

/// Demands that one of the thread's groups is in `net.ipv4.ping_group_range` of its network namespace (`ping_init_sock`).
fn demand_ping_group<W: Witness>(system: &System, thread: &Thread, witness: &mut W) -> Result<(), Refusal> {
    witness.not_applied(&rules::SOCKET_UNPRIVILEGED, Condition::SocketIsPing);
    let [first, last] = if thread.namespaces.first_network { system.ping_group_range } else { PING_GROUP_RANGE };
    let credentials = &thread.credentials;
    let within = |group: &Kgid| (first..=last).contains(&group.number());
    let member = within(&credentials.gid.effective) || credentials.groups.as_slice().iter().any(within);
    if !member {
        return Err(refuse(Errno::EACCES, &rules::SOCKET_PING_GROUP_RANGE, CapSet::EMPTY, witness));
    }
    witness.applied(&rules::SOCKET_PING_GROUP_RANGE, Effect::Holds);
    Ok(())
}

named! {
    /// An option of sockets, at the level SOL_SOCKET.
    SocketOption {
        /// The mark of what the socket sends.
        Mark "SO_MARK";
        /// The priority of what the socket sends.
        Priority "SO_PRIORITY";
        /// The size of the receive buffer, without regard to net.core.rmem_max.
        ReceiveBufferForce "SO_RCVBUFFORCE";
        /// The size of the send buffer, without regard to net.core.wmem_max.
        SendBufferForce "SO_SNDBUFFORCE";
        /// Whether the socket is debugged; 0 or not.
        Debug "SO_DEBUG";
    }
}

/// Decides setsockopt(2) of an option at the level SOL_SOCKET, on a socket of the thread's network namespace.
///
/// ```
/// use sim_core::access::{SocketOption, setsockopt};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let set = |value| setsockopt(&System::default(), &user, SocketOption::Priority, value, &mut Silent).refusal();
/// assert_eq!(set(6), None);
/// assert_eq!(set(7).unwrap().errno, Errno::EPERM);
/// ```
pub fn setsockopt<W: Witness>(
    system: &System,
    thread: &Thread,
    option: SocketOption,
    value: i32,
    witness: &mut W,
) -> Outcome<()> {
    let net_admin = Capability::NET_ADMIN;
    let decide = |witness: &mut W| match option {
        SocketOption::Priority if (0..=6).contains(&value) => {
            witness.applied(&rules::SETSOCKOPT_LOW_PRIORITY, Effect::Holds);
            Ok(())
        }
        SocketOption::Mark | SocketOption::Priority => {
            if option == SocketOption::Priority {
                witness.not_applied(&rules::SETSOCKOPT_LOW_PRIORITY, Condition::PriorityIsHigh);
            }
            let since = system.release.has(&changes::NET_RAW_SOCKET_OPTIONS);
            let net_raw = since.then_some((Capability::NET_RAW, &rules::SETSOCKOPT_NET_RAW));
            let needed = (net_admin, &rules::SETSOCKOPT_NET_ADMIN);
            demand_either(system, thread, thread.namespaces.network, needed, net_raw, Errno::EPERM, witness)
        }
        SocketOption::ReceiveBufferForce | SocketOption::SendBufferForce => {
            demand_in_init(system, thread, net_admin, Errno::EPERM, &rules::SETSOCKOPT_FORCE, witness)
        }
        SocketOption::Debug if value == 0 => {
            witness.applied(&rules::SETSOCKOPT_NO_DEBUG, Effect::Holds);
            Ok(())
        }
        SocketOption::Debug => {
            demand_in_init(system, thread, net_admin, Errno::EACCES, &rules::SETSOCKOPT_DEBUG, witness)
        }
    };
    decide(witness).into()
}
