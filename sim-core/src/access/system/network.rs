use super::{demand_capability, demand_either, demand_in_init};
use crate::access::named::named;
use crate::capability::{CapSet, Capability};
use crate::credentials::Thread;
use crate::kernel::{Errno, changes};
use crate::outcome::{Outcome, demand};
use crate::rule::{Condition, Effect, Witness, system as rules};
use crate::system::System;

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

/// Decides socket(2).
///
/// ```
/// use sim_core::access::{SocketDomain, SocketType, socket};
/// use sim_core::prelude::*;
///
/// let user = Thread::from(Credentials::user(1000));
/// let refusal = socket(&System::default(), &user, SocketDomain::Inet, SocketType::Raw, &mut Silent).refusal().unwrap();
/// assert_eq!((refusal.errno, refusal.rule.id), (Errno::EPERM, "socket.raw"));
/// assert_eq!(socket(&System::default(), &user, SocketDomain::Unix, SocketType::Raw, &mut Silent).refusal(), None);
/// ```
pub fn socket<W: Witness>(
    system: &System,
    thread: &Thread,
    domain: SocketDomain,
    kind: SocketType,
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
        _ => {
            witness.applied(&rules::SOCKET_UNPRIVILEGED, Effect::Holds);
            Ok(())
        }
    };
    decide(witness).into()
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
