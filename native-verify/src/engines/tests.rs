use super::compare::compare;
use super::rows::{Session, parse};
use super::seen::Answer;

/// What real engines said; `native-verify engines --sample` chooses it.
fn recorded() -> Vec<Session> {
    parse(include_str!("recorded.jsonl")).unwrap()
}

#[test]
fn the_model_says_what_real_engines_said() {
    let sessions = recorded();
    let engines: Vec<_> =
        sessions.iter().map(|session| format!("{} {}", session.head.engine, session.head.version)).collect();
    for engine in ["docker 20.10.24", "docker 26.1.5", "podman 4.3.1", "podman 5.4.2", "runc 1.1.5", "crun 1.8.1"] {
        assert!(engines.iter().any(|known| known == engine), "{engine} is not among {engines:?}");
    }
    for session in &sessions {
        let report = compare(session);
        assert!(report.differences.is_empty() && report.unclear.is_empty(), "{report}");
        assert!(report.agreed > 0, "{report}");
    }
}

#[test]
fn every_field_that_an_engine_shows_counts() {
    let change: [fn(&mut super::seen::Seen); 8] = [
        |seen| seen.sets[0] = "1".to_owned(),
        |seen| seen.sets[3] = "1".to_owned(),
        |seen| seen.uid[1] = 7,
        |seen| seen.gid[2] = 7,
        |seen| seen.groups.push(7),
        |seen| seen.no_new_privs = !seen.no_new_privs,
        |seen| seen.seccomp = 1,
        |seen| seen.port_start = 7,
    ];
    for session in recorded() {
        let runs = |session: &Session| {
            let agrees = |row: &&super::rows::Row| {
                let one = Session { head: session.head.clone(), rows: vec![(*row).clone()] };
                matches!(row.answer, Answer::Runs(_)) && compare(&one).agreed == 1
            };
            session.rows.iter().find(agrees).cloned()
        };
        let row = runs(&session).unwrap();
        for change in change {
            let mut row = row.clone();
            let Answer::Runs(seen) = &mut row.answer else { unreachable!() };
            change(seen);
            let report = compare(&Session { head: session.head.clone(), rows: vec![row] });
            assert_eq!(report.agreed, 0, "{report}");
        }
    }
}
