//! An answer as it is drawn.

use std::rc::Rc;

use doctor::{Case, Diagnosis, Recognised, Remedy, Unread};
use yew::prelude::*;

use crate::copy::copy;

/// What [`Answer`] draws.
#[derive(Clone, Properties)]
pub(crate) struct AnswerProps {
    pub(crate) diagnosis: Rc<Diagnosis>,
    pub(crate) markdown: AttrValue,
}

impl PartialEq for AnswerProps {
    /// Every answer is drawn anew.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.diagnosis, &other.diagnosis)
    }
}

/// Verdict, deciding rule, what was assumed, what helps, how to see it oneself: one a container or process.
#[component]
pub(crate) fn Answer(props: &AnswerProps) -> Html {
    // What is opened in one answer is not open in the next.
    let answers = use_mut_ref(|| 0_usize);
    *answers.borrow_mut() += 1;
    let Diagnosis { cases, more_cases, recognised, misread } = &*props.diagnosis;
    html! {
        <div key={*answers.borrow()} class="answer">
            if cases.is_empty() {
                <p class="complaint">
                    { "Nothing was recognised that starts or fails. A docker or podman command, a pod, a unit, an error \
                       message, lines of /proc/PID/status, what getcap or strace prints: any of them, or several." }
                </p>
            }
            { for cases.iter().map(case) }
            if *more_cases > 0 {
                <p>{ format!("{more_cases} more containers or processes are not answered.") }</p>
            }
            if !cases.is_empty() {
                <p class="buttons">{ copy("Copy all of it as Markdown", props.markdown.clone()) }</p>
            }
            if !recognised.is_empty() {
                <details>
                    <summary>{ format!("Recognised in the text ({})", recognised.len()) }</summary>
                    <ul>{ for recognised.iter().take(MOST).map(taken) }</ul>
                </details>
            }
            if !misread.is_empty() {
                <details open=true>
                    <summary>{ format!("Not understood ({})", misread.len()) }</summary>
                    <ul>{ for misread.iter().take(MOST).map(unread) }</ul>
                </details>
            }
        </div>
    }
}

/// How many parts of a text are listed.
const MOST: usize = 100;

fn taken(Recognised { line, form, taken, .. }: &Recognised) -> Html {
    let taken = if taken.is_empty() { String::new() } else { format!(": {}", taken.join(", ")) };
    html! { <li>{ format!("Line {line}, {form}{taken}") }</li> }
}

fn unread(Unread { line, column, message }: &Unread) -> Html {
    html! { <li>{ format!("Line {line}, column {column}: {message}") }</li> }
}

fn case(case: &Case) -> Html {
    let sign = if case.errno.is_some() { "✗" } else { "✓" };
    html! {
        <article class="panel case">
            <h3>{ &case.title }</h3>
            <p class={classes!("verdict", case.errno.as_ref().map(|_| "refused"))}>
                <span aria-hidden="true">{ sign }{ " " }</span>{ &case.verdict }
            </p>
            if let Some(rule) = case.rule {
                <p>{ "Decided by " }<code class="rule-id">{ rule }</code>{ ": " }{ case.statement }</p>
                <p class="hint">{ &case.citation }</p>
            }
            if let Some(message) = &case.explains {
                <p>{ "This explains: " }<code>{ message }</code></p>
            }
            if let Some(message) = &case.does_not_explain {
                <p class="complaint">{ "Not explained by what is in the text: " }<code>{ message }</code></p>
            }
            if !case.assumed.is_empty() {
                <h4>{ "Assumed" }</h4>
                <ul>{ for case.assumed.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
            }
            if !case.fixes.is_empty() {
                <h4>{ "What helps, the least powerful first" }</h4>
                <ol class="fixes">{ for case.fixes.iter().map(remedy) }</ol>
                <p class="hint">{ &case.search }</p>
            }
            <p class="buttons">
                <a class="button" href={on_this_page(&case.link)}>{ "Open it step by step" }</a>
                { copy("Copy the link", case.link.clone().into()) }
            </p>
            { for case.flips.iter().map(|text| html! { <p>{ text }</p> }) }
            { for case.reproductions.iter().map(|reproduction| html! {
                <details>
                    <summary>{ format!("To see it oneself: {}", reproduction.what) }</summary>
                    <pre>{ &reproduction.text }</pre>
                    { copy("Copy", reproduction.text.clone().into()) }
                </details>
            }) }
            if !case.not_modelled.is_empty() {
                <details>
                    <summary>{ format!("Not modelled, and could change this ({})", case.not_modelled.len()) }</summary>
                    <ul>{ for case.not_modelled.iter().map(|text| html! { <li>{ text }</li> }) }</ul>
                </details>
            }
        </article>
    }
}

/// The link without the page it leads to: followed here, the answer stays.
fn on_this_page(link: &str) -> String {
    link.find('#').and_then(|start| link.get(start..)).unwrap_or(link).to_owned()
}

fn remedy(Remedy { commands, hands_out, link }: &Remedy) -> Html {
    let whole = commands.join("\n");
    html! {
        <li>
            <pre>{ whole.clone() }</pre>
            <p class="hint">{ format!("Hands out: {hands_out}") }</p>
            <p class="buttons">
                { copy("Copy", whole.into()) }
                <a class="button" href={on_this_page(link)}>{ "See it work" }</a>
            </p>
        </li>
    }
}
