//! The rules of bind(2) to an IPv4 or IPv6 port.

use super::{Source, rules};

const IP: &str = "ip(7), Address format";

rules! {
    UNPRIVILEGED_PORT {
        id: "bind.unprivileged-port",
        statement: "A port that is not below net.ipv4.ip_unprivileged_port_start (1024 unless changed; a new network \
                    namespace begins with 1024) needs no capability; nor does port 0, which asks for any free one.",
        manual: IP,
        source: Source::new("net/ipv4/af_inet.c", "__inet_bind"),
    }
    NET_BIND_SERVICE {
        id: "bind.net-bind-service",
        statement: "A port below net.ipv4.ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE, effective over the user \
                    namespace that owns the network namespace. Without it bind fails with EACCES.",
        manual: IP,
        source: Source::new("net/ipv4/af_inet.c", "__inet_bind"),
    }
}
