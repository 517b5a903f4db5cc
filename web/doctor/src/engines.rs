//! One request, put to every engine.

use sim_core::capability::CapSet;
use sim_core::engine::Engine;
use sim_core::kernel::Release;
use sim_core::rule::Rule;
use sim_core::scenario::{
    ComparedCell, ComparedEngine, ComparedField, Options, RuntimeEntry, Scenario, compare_engines,
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::copy::copy;

/// A form for the request, and a column for the answer of each engine.
#[component]
pub(crate) fn Engines() -> Html {
    let request = use_state(Asked::example);
    let text = |id: &'static str, label: &'static str, value: &str, write: fn(&mut Asked, String)| {
        let (asked, setter) = ((*request).clone(), request.setter());
        let oninput = Callback::from(move |event: InputEvent| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let mut asked = asked.clone();
            write(&mut asked, input.value());
            setter.set(asked);
        });
        html! {
            <div class="field">
                <label for={id}>{ label }</label>
                <input {id} type="text" autocomplete="off" autocapitalize="off" spellcheck="false"
                    value={value.to_owned()} {oninput} />
            </div>
        }
    };
    let tick = |id: &'static str, label: &'static str, checked: bool, write: fn(&mut Asked, bool)| {
        let (asked, setter) = ((*request).clone(), request.setter());
        let onchange = Callback::from(move |_: Event| {
            let mut asked = asked.clone();
            write(&mut asked, !checked);
            setter.set(asked);
        });
        html! {
            <div class="tick">
                <input type="checkbox" {id} {checked} {onchange} />
                <label for={id}>{ label }</label>
            </div>
        }
    };
    let Asked { user, cap_add, cap_drop, privileged, no_new_privileges, host_network } = &*request;
    let command = request.command();
    html! {
        <>
            <p class="hint">
                { format!("The same container asked of each engine, at a recent version, on Linux {}: what it hands to \
                    execve, and what a plain program has then.", Release::NEWEST) }
            </p>
            <div class="fields">
                { text("engines-user", "User (--user)", user, |asked, text| asked.user = text) }
                { text("engines-cap-add", "Add (--cap-add)", cap_add, |asked, text| asked.cap_add = text) }
                { text("engines-cap-drop", "Drop (--cap-drop)", cap_drop, |asked, text| asked.cap_drop = text) }
            </div>
            <div class="ticks">
                { tick("engines-privileged", "privileged", *privileged, |asked, on| asked.privileged = on) }
                { tick("engines-no-new-privileges", "no new privileges", *no_new_privileges,
                    |asked, on| asked.no_new_privileges = on) }
                { tick("engines-host-network", "the host's network", *host_network, |asked, on| asked.host_network = on) }
            </div>
            { answers(&request) }
            <p class="command"><code>{ &command }</code>{ copy("Copy the command", command.clone().into()) }</p>
        </>
    }
}

/// What is in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    user: String,
    cap_add: String,
    cap_drop: String,
    privileged: bool,
    no_new_privileges: bool,
    host_network: bool,
}

impl Asked {
    /// The request over which engines differ most often.
    fn example() -> Self {
        Self { user: "1000".to_owned(), cap_add: "NET_BIND_SERVICE".to_owned(), ..Self::default() }
    }

    fn entry(&self) -> RuntimeEntry {
        let user = self.user.trim();
        RuntimeEntry {
            user: (!user.is_empty()).then(|| user.to_owned()),
            cap_add: names(&self.cap_add),
            cap_drop: names(&self.cap_drop),
            privileged: self.privileged,
            no_new_privileges: self.no_new_privileges,
            host_network: self.host_network,
            ..RuntimeEntry::of(Engine::Docker)
        }
    }

    /// The command that asks the same.
    fn command(&self) -> String {
        let RuntimeEntry { user, cap_add, cap_drop, privileged, no_new_privileges, host_network, .. } = self.entry();
        let mut words = vec!["eperm engines".to_owned()];
        words.extend(user.map(|user| format!("--user {}", quoted(&user))));
        words.extend(cap_add.iter().map(|name| format!("--cap-add {}", quoted(name))));
        words.extend(cap_drop.iter().map(|name| format!("--cap-drop {}", quoted(name))));
        let flags = [
            (privileged, "--privileged"),
            (no_new_privileges, "--no-new-privileges"),
            (host_network, "--host-network"),
        ];
        words.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag.to_owned()));
        words.join(" ")
    }
}

fn names(text: &str) -> Vec<String> {
    text.split([',', ' ', '\t']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-:.".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn answers(request: &Asked) -> Html {
    let scenario = Scenario { runtime: Some(request.entry()), ..Scenario::default() };
    // A unit is systemd's alone, and the others' words are not systemd's.
    let engines: Vec<_> = Engine::ALL
        .into_iter()
        .filter(|engine| *engine != Engine::Systemd)
        .map(|engine| (engine, engine.newest()))
        .collect();
    match compare_engines(&scenario, &engines, &Options::default()) {
        Ok(compared) => answered(&compared),
        Err(error) => html! { <p class="complaint" role="alert">{ format!("This makes no sense: {error}.") }</p> },
    }
}

fn answered(compared: &[ComparedEngine]) -> Html {
    let (started, refused): (Vec<_>, Vec<_>) = compared.iter().partition(|engine| !engine.cells.is_empty());
    html! {
        <>
            <p role="status" id="engines-told">{ in_brief(&started) }</p>
            { for refused.iter().map(|engine| refusal(engine)) }
            if !started.is_empty() {
                { table(&started) }
            }
            <details>
                <summary>{ "Rules that decided" }</summary>
                <dl class="decided">
                    { for compared.iter().map(|engine| html! {
                        <>
                            <dt>{ name(engine) }</dt>
                            { for engine.rules.iter().map(|id| html! {
                                <dd><code>{ *id }</code>{ " " }{ Rule::find(id).map_or("", |rule| rule.statement) }</dd>
                            }) }
                        </>
                    }) }
                </dl>
            </details>
        </>
    }
}

/// How many facts are compared.
const FIELDS: usize = ComparedField::HANDED.len() + ComparedField::AFTER.len();

/// Who differs in how much.
fn in_brief(started: &[&ComparedEngine]) -> String {
    let differing = started.iter().filter_map(|engine| {
        let cells = engine.cells.iter().filter(|cell| cell.differs).count();
        (cells > 0).then(|| format!("{} in {cells}", name(engine)))
    });
    let told: Vec<_> = differing.collect();
    match (told.is_empty(), started.is_empty()) {
        (_, true) => "No engine starts it.".to_owned(),
        (true, false) => "All that start it agree.".to_owned(),
        _ => format!("Of {FIELDS} answers these differ from most: {}.", told.join(", ")),
    }
}

fn refusal(engine: &ComparedEngine) -> Html {
    let Some(refused) = &engine.refused else {
        return html! {
            <p class="complaint">{ format!("{}: a call of its runtime fails, and the program is not reached.", name(engine)) }</p>
        };
    };
    html! {
        <p class="complaint">
            { format!("{} refuses by ", name(engine)) }<code>{ refused.rule }</code>
            { format!(": {}", Rule::find(refused.rule).map_or("", |rule| rule.statement)) }
            if !refused.about.is_empty() {
                { format!(" It is about {}.", refused.about) }
            }
        </p>
    }
}

fn table(started: &[&ComparedEngine]) -> Html {
    html! {
        <div class="scroll" tabindex="0" role="region" aria-labelledby="engines-caption">
            <table class="engines">
                <caption id="engines-caption">
                    { "≠ differs: not as most of these engines have it. Sets in hexadecimal digits, with the names of few." }
                </caption>
                <thead>
                    <tr>
                        <td></td>
                        { for started.iter().map(|engine| html! { <th scope="col">{ name(engine) }</th> }) }
                    </tr>
                </thead>
                { part("Handed to execve", &ComparedField::HANDED, started) }
                { part("After execve of a plain file", &ComparedField::AFTER, started) }
            </table>
        </div>
    }
}

fn part(title: &'static str, fields: &[ComparedField], started: &[&ComparedEngine]) -> Html {
    html! {
        <tbody>
            <tr class="part"><th scope="rowgroup" colspan={(started.len() + 1).to_string()}>{ title }</th></tr>
            { for fields.iter().map(|field| html! {
                <tr data-field={place(*field)}>
                    <th scope="row">{ field.name() }</th>
                    { for started.iter().map(|engine| {
                        engine.cells.iter().find(|cell| cell.field == *field).map_or_else(|| html! { <td></td> }, cell)
                    }) }
                </tr>
            }) }
        </tbody>
    }
}

fn cell(cell: &ComparedCell) -> Html {
    html! {
        <td class={cell.differs.then_some("differs")}>
            <code>{ &cell.value }</code>
            if let Some(names) = in_names(&cell.value) {
                <span class="hint">{ names }</span>
            }
            if cell.differs {
                <strong>{ "≠ differs" }</strong>
            }
        </td>
    }
}

/// What a set in digits holds, if it is one.
fn in_names(digits: &str) -> Option<String> {
    const FEW: u32 = 2;
    let set = CapSet::from_hex(digits).ok().filter(|_| digits.len() == 16)?;
    Some(match set.len() {
        0 => "none".to_owned(),
        1..=FEW => set.iter().map(|capability| capability.to_string()).collect::<Vec<_>>().join(" "),
        many => format!("{many} capabilities"),
    })
}

/// A field with the place where it is looked at.
fn place(field: ComparedField) -> String {
    let when = if ComparedField::HANDED.contains(&field) { "handed" } else { "after execve" };
    format!("{} {when}", field.name())
}

fn name(engine: &ComparedEngine) -> String {
    format!("{} {}", engine.engine, engine.version)
}

#[cfg(test)]
mod tests {
    use super::{Asked, in_names, quoted};

    #[test]
    fn the_command_asks_what_the_form_asks() {
        assert_eq!(Asked::example().command(), "eperm engines --user 1000 --cap-add NET_BIND_SERVICE");
        let asked = Asked { cap_drop: "ALL, x;y".to_owned(), host_network: true, ..Asked::default() };
        assert_eq!(asked.command(), "eperm engines --cap-drop ALL --cap-drop 'x;y' --host-network");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }

    #[test]
    fn few_capabilities_are_named() {
        assert_eq!(in_names("0000000000000400").as_deref(), Some("CAP_NET_BIND_SERVICE"));
        assert_eq!(in_names("00000000a80425fb").as_deref(), Some("14 capabilities"));
        assert_eq!(in_names("0000000000000000").as_deref(), Some("none"));
        assert_eq!(in_names("1024"), None);
    }
}
