//! What a service would do with the crate: a launcher is refused, and its log says why.
//!
//! `cargo run -p sim-core --example explain_refusal`

use sim_core::prelude::*;
use sim_core::rule::{Effect, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What the service knows of the thread, say from /proc/PID/status, and of the file, say from getcap.
    let raw = RawCredentials { bounding: CapSet::from_hex("00000000a80425fb")?, ..RawCredentials::user(1024) };
    let thread = Thread::from(Credentials::try_from(raw)?);
    let file = File::default().with_caps("cap_net_admin,cap_net_raw=ep".parse()?);

    let system = System { release: "6.12".parse()?, ..System::default() };
    let mut trace = Trace::new();
    match execve(&system, &thread, &Program::from(&file), &mut trace) {
        Outcome::Granted(executed) => {
            println!("It starts with {} effective.", executed.credentials.effective.in_words());
        }
        Outcome::Refused(refusal) => {
            println!("execve fails with {} ({}).", refusal.errno, refusal.rule.id);
            println!("{}", refusal.rule.statement);
            for event in trace.events() {
                if let Event::Applied { effect: Effect::Refuses { lacking, .. }, .. } = event {
                    println!("Missing from the bounding set: {}.", lacking.in_words());
                }
            }
            println!("See {} and {}.", refusal.rule.manual, refusal.rule.source);
        }
    }
    Ok(())
}
