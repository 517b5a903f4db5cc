use super::{Handed, Refused, Request};
use crate::capability::CapSet;
use crate::rule::Witness;

pub(super) fn hand<W: Witness>(request: &Request, _: &mut W) -> Result<Handed, Refused> {
    let list = CapSet::from_bits(0xa804_25fb) & request.host_bounding;
    Ok(Handed {
        permitted: list,
        effective: list,
        inheritable: CapSet::EMPTY,
        bounding: list,
        ambient: CapSet::EMPTY,
        uid: request.uid,
        gid: request.gid,
        groups: request.groups.clone(),
        securebits: crate::credentials::Securebits::default(),
        no_new_privs: request.no_new_privileges,
        ip_unprivileged_port_start: Some(0),
        ping_group_range: Some([0, 2_147_483_647]),
        seccomp: Some(list),
    })
}
