use std::io::Write;

use anyhow::{Context, Result, bail};
use sim_core::capability::{CapSet, Capability};
use sim_core::file::VfsCaps;
use sim_core::text::{HexBytes, capsh_decode, parse_hex_bytes};

use crate::Status;

/// How many hexadecimal digits the bytes of `security.capability` have, by revision.
const ATTRIBUTE_DIGITS: [usize; 3] = [24, 40, 48];

/// Translates each argument, a line each.
pub(crate) fn decode(what: &[String], bytes: bool, out: &mut impl Write) -> Result<Status> {
    for text in what {
        let translated = translate(text.trim(), bytes).with_context(|| format!("{text:?}"))?;
        writeln!(out, "{translated}")?;
    }
    Ok(Status::Held)
}

fn translate(text: &str, bytes: bool) -> Result<String> {
    if let Some(caps) = attribute(text)? {
        return Ok(show(caps, bytes));
    }
    // capsh's own answer is welcome too: `0x0000000000003000=cap_net_admin,cap_net_raw`.
    if let Some((digits, names)) =
        text.split_once('=').filter(|(digits, _)| digits.starts_with("0x") && is_hex(digits))
    {
        let decoded = capsh_decode(CapSet::from_hex(digits)?);
        if names.is_empty() || decoded.ends_with(&format!("={names}")) {
            return Ok(decoded);
        }
    }
    if is_hex(text) && !bytes {
        return Ok(capsh_decode(CapSet::from_hex(text)?));
    }
    if text.contains(['=', '+', '-']) {
        return Ok(show(text.parse()?, bytes));
    }
    if bytes {
        bail!("only file capabilities have bytes; write them as for setcap, as in cap_net_raw=ep");
    }
    let all = CapSet::up_to(Capability::LAST_NAMED);
    match text.to_ascii_lowercase().as_str() {
        "all" => return Ok(capsh_decode(all)),
        "none" => return Ok(capsh_decode(CapSet::EMPTY)),
        _ => {}
    }
    let names = text.split(',').map(|name| CapSet::from_name(name.trim()));
    let set = names.reduce(|a, b| Ok(a? | b?)).unwrap_or(Ok(CapSet::EMPTY))?;
    Ok(capsh_decode(set))
}

/// The bytes of `security.capability`, in digits.
fn attribute(text: &str) -> Result<Option<VfsCaps>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.len() <= 16 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    if !ATTRIBUTE_DIGITS.contains(&digits.len()) {
        bail!(
            "{} digits are neither a set (16) nor the bytes of security.capability (24, 40 or 48 for revision 1, 2 or 3)",
            digits.len(),
        );
    }
    let bytes = parse_hex_bytes(digits)?;
    Ok(Some(VfsCaps::from_bytes(&bytes)?))
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn show(caps: VfsCaps, bytes: bool) -> String {
    if bytes { HexBytes(&caps.to_bytes()).to_string() } else { caps.to_string() }
}
