use super::{Handed, Request};
use crate::rule::{Condition, Effect, Rule, Witness};

/// Opens ports and ICMP sockets to everybody in a container's own network, as Docker and containerd do alike.
pub(super) fn open<W: Witness>(
    request: &Request,
    handed: &mut Handed,
    [ports, icmp]: [&'static Rule; 2],
    witness: &mut W,
) {
    if request.host_network {
        witness.not_applied(ports, Condition::HostNetwork);
        witness.not_applied(icmp, Condition::HostNetwork);
        return;
    }
    if request.ip_unprivileged_port_start.is_some() {
        witness.not_applied(ports, Condition::SettingsAsked);
    } else {
        witness.applied(ports, Effect::Holds);
        handed.ip_unprivileged_port_start = Some(0);
    }
    if request.own_user_namespace {
        witness.not_applied(icmp, Condition::OwnUserNamespace);
    } else {
        witness.applied(icmp, Effect::Holds);
        handed.ping_group_range = Some([0, 2_147_483_647]);
    }
}
