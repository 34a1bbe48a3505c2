//! `${NAME}` and `${file:PATH}` in a string.

use std::{fs::File, io::Read, path::Path};

use crate::config::Env;

/// The largest file that is read into a string.
const MAX_FILE: u64 = 1024 * 1024;

/// One pass, left to right: what came from elsewhere is not looked at again. Of what may be a secret only the names of
/// variables and files are repeated.
pub(super) fn replaced(
    text: &str,
    env: Env<'_>,
    folder: Option<&Path>,
    is_secret: bool,
) -> Result<String, String> {
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            new.push_str(&rest[..at - 1]);
            new.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        new.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find('}').ok_or("expected } after ${, came the end of the text")?;
        let name = &after[..end];
        let first = name.chars().next();
        let usable = first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match name.strip_prefix("file:") {
            Some(path) => new.push_str(&held(path, folder)?),
            None if usable => new.push_str(&env(name).ok_or_else(|| not_set(name))?),
            None => {
                let came = if is_secret { "something else".to_owned() } else { format!("{name:?}") };
                return Err(format!(
                    "expected the name of a variable, or file: and a path, in ${{…}}, came {came} (a literal ${{ is $${{)"
                ));
            }
        }
        rest = &after[end + 1..];
    }
    new.push_str(rest);
    Ok(new)
}

pub(super) fn not_set(name: &str) -> String {
    format!("the environment has no variable {name}")
}

/// What a file holds, without the line break at its end, which editors add and no value wants.
fn held(path: &str, folder: Option<&Path>) -> Result<String, String> {
    let wrong =
        |came: &str| Err(format!("expected {path:?} to be a file in UTF-8 of at most 1 MiB, came {came}"));
    let file = match folder {
        _ if path.is_empty() => return Err("expected a path behind file:, came none".to_owned()),
        _ if Path::new(path).is_absolute() => path.into(),
        Some(folder) => folder.join(path),
        None => {
            return Err(format!(
                "expected an absolute path behind file:, since settings that are built in lie in no folder, came {path:?}"
            ));
        }
    };
    // A pipe could keep the start waiting for ever.
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return wrong("a folder or a device"),
        Err(error) => return wrong(&format!("none ({error})")),
    }
    let mut bytes = Vec::new();
    match File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)) {
        Err(error) => return wrong(&format!("one that cannot be read ({error})")),
        Ok(length) if length as u64 > MAX_FILE => return wrong("a larger one"),
        Ok(_) => {}
    }
    let Ok(mut text) = String::from_utf8(bytes) else { return wrong("another encoding") };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
