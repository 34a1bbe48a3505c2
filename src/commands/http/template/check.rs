//! What is wrong with a template, found at start: that it cannot be parsed, or what it uses and is not given.
//!
//! It is read off the instructions that the template compiles to, so that no part of it is overlooked, whether or not it
//! would ever be run.

use std::collections::HashSet;

use minijinja::{
    ErrorKind, Template,
    machinery::{Instruction, get_compiled_template},
};

use super::engine::{self, LINK};
use crate::config::{
    Located, Mistake,
    http::{Argument, Secrets},
};

/// What a template of an entry may use.
#[derive(Clone, Copy)]
pub(in crate::commands::http) struct Scope<'e> {
    /// Arguments, by their names with `_`.
    pub(in crate::commands::http) arguments: &'e [Argument],
    /// Secrets, where they may stand.
    pub(in crate::commands::http) secrets: Option<&'e Secrets>,
    /// The answer, and Markdown.
    pub(in crate::commands::http) is_reply: bool,
}

impl Scope<'_> {
    fn has(&self, name: &str) -> bool {
        let answer: &[&str] = if self.is_reply { &["status", "headers", "json", "text"] } else { &[] };
        let is_argument = |argument: &Argument| argument.name.replace('-', "_") == name;
        answer.contains(&name) || matches!(name, "who" | "once") || self.arguments.iter().any(is_argument)
    }
}

/// Checks a template.
///
/// # Errors
/// That it does not parse, or the first name in it that means nothing.
pub(in crate::commands::http) fn check(template: &Located, scope: Scope<'_>) -> Result<(), Mistake> {
    let name = if scope.is_reply { engine::REPLY } else { engine::REQUEST };
    let compiled = engine::engine().template_from_named_str(name, template.text()).map_err(|error| {
        let detail = error.detail().unwrap_or("a syntax error").to_owned();
        let line = error.line().filter(|line| *line > 1).map(|line| format!(" (line {line} of it)"));
        template.mistake(format!("expected a template, came: {detail}{}", line.unwrap_or_default()))
    })?;
    let steps = steps(&compiled);
    let stored = steps.iter().filter_map(|step| match step {
        Instruction::StoreLocal(name) => Some(*name),
        _ => None,
    });
    let locals: HashSet<&str> = stored.chain(["loop"]).collect();
    let mut written = String::new();
    for (index, step) in steps.iter().enumerate() {
        let problem = match step {
            Instruction::EmitRaw(text) => {
                written.push_str(text);
                None
            }
            Instruction::Emit if scope.is_reply && ends_in_address(&written) => Some(
                "expected values outside addresses, came one in an address: write {{ link(\"label\", \"https://…\" ~ \
                 value) }}"
                    .to_owned(),
            ),
            Instruction::Lookup("secret") => secret(steps.get(index + 1), scope),
            Instruction::Lookup(name) if !locals.contains(name) && !scope.has(name) => {
                Some(format!("expected an argument or a name that templates have, came {name}"))
            }
            Instruction::CallFunction(name, _) if *name != LINK || !scope.is_reply => {
                Some(format!("expected a filter, came the function {name}"))
            }
            Instruction::CallMethod(name, _) => Some(format!("expected a filter, came the method {name}")),
            Instruction::CallObject(_) => Some("expected a value, came a call of it".to_owned()),
            Instruction::ApplyFilter(name, ..) if !has_filter(name, scope) => {
                Some(format!("expected a filter that templates have, came {name}"))
            }
            Instruction::PerformTest(name, ..) if !has_test(name) => {
                Some(format!("expected a test that templates have, came {name}"))
            }
            Instruction::PushAutoEscape => {
                Some("expected values that escape themselves, came autoescape".to_owned())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(template.mistake(problem));
        }
    }
    Ok(())
}

fn steps<'t>(template: &'t Template<'_, '_>) -> Vec<&'t Instruction<'t>> {
    let instructions = &get_compiled_template(template).instructions;
    (0..).map_while(|index| instructions.get(index)).collect()
}

fn secret(next: Option<&&Instruction<'_>>, scope: Scope<'_>) -> Option<String> {
    let Some(secrets) = scope.secrets else {
        return Some(
            "expected no secret here, came one: it may stand in query, headers and the body".to_owned(),
        );
    };
    match next {
        Some(Instruction::GetAttr(name)) if secrets.iter().any(|(other, _)| other == *name) => None,
        Some(Instruction::GetAttr(name)) => Some(format!("expected a name of secrets, came {name}")),
        _ => Some("expected secret.NAME, came secret alone".to_owned()),
    }
}

fn has_filter(name: &str, scope: Scope<'_>) -> bool {
    let applied = engine::engine().empty_state().apply_filter(name, &[]);
    let unknown = applied.is_err_and(|error| error.kind() == ErrorKind::UnknownFilter);
    !unknown && (scope.is_reply || name != "code")
}

fn has_test(name: &str) -> bool {
    let performed = engine::engine().empty_state().perform_test(name, &[]);
    !performed.is_err_and(|error| error.kind() == ErrorKind::UnknownTest)
}

/// Whether what follows would stand in the address of a link, or in the host of one that is written out.
fn ends_in_address(written: &str) -> bool {
    let in_link = written.rfind("](").is_some_and(|at| !written[at..].contains(')'));
    let in_host = written
        .rfind("://")
        .is_some_and(|at| !written[at + 3..].contains(|c: char| c == '/' || c.is_whitespace() || c == ')'));
    in_link || in_host
}
