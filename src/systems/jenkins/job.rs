//! A job as it is called: `team/web`, with a branch as `team/web/feature%2Fx`, or its page pasted.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Jenkins;
use crate::{
    dispatch::{UserError, arguments::InvalidValue, values::Caseless},
    locale::Locale,
    text,
};

/// Letters of a name at most; Jenkins has no limit of its own but its disk's.
const MAX: usize = 300;

/// The value parser of a job: names of folders and the job's own, parted by slashes, or an address of its page. Compared
/// without case, since on some disks so does Jenkins.
///
/// # Errors
/// For what can be neither.
pub(super) fn job(typed: &str) -> Result<Caseless, InvalidValue> {
    if page(typed).is_some() {
        return Ok(Caseless::new(typed));
    }
    let unfit = |c: char| text::is_control(c) || "?*#\\<>|\"".contains(c);
    let name = typed.trim().replace(" » ", "/");
    let parts: Vec<&str> = name.trim_matches('/').split('/').collect();
    let parts = match parts.chunks(2).all(|pair| matches!(pair, ["job", _])) {
        true => parts.into_iter().skip(1).step_by(2).collect(),
        false => parts,
    };
    let is_part =
        |part: &&str| !part.trim().is_empty() && !matches!(*part, "." | "..") && !part.starts_with('-');
    let name = parts.join("/");
    match parts.iter().all(is_part) && !name.contains(unfit) && name.chars().count() <= MAX {
        true => Ok(Caseless::new(&name)),
        false => Err(InvalidValue::new("jenkins.job").with("max", MAX)),
    }
}

fn page(typed: &str) -> Option<Url> {
    let begins = typed.starts_with("http://") || typed.starts_with("https://");
    begins.then(|| Url::parse(typed).ok()).flatten()
}

/// The name of a job whose page was pasted; any other stays as it is.
///
/// # Errors
/// When the page is of another Jenkins, or of no job.
pub(super) fn resolve(typed: &mut Caseless, jenkins: &Jenkins, locale: Locale) -> Result<(), UserError> {
    let Some(page) = page(typed.as_str()) else { return Ok(()) };
    let path = jenkins.path_of(&page).unwrap_or_default();
    let name = |pair: &[&str]| match pair {
        // An encoded slash is part of a name, and would part two here.
        ["job", name] => Some(percent_decode_str(name).decode_utf8().ok()?.replace('/', "%2F")),
        _ => None,
    };
    let names: Vec<String> = path.chunks(2).map_while(name).collect();
    match job(&names.join("/")) {
        Ok(named) if !names.is_empty() => *typed = named,
        _ => {
            let page = text::cut(typed.as_str(), 80);
            return Err(UserError(locale.say("jenkins.no_page", &[("page", &page)])));
        }
    }
    Ok(())
}

/// The segments of a job's address.
pub(super) fn segments(job: &str) -> Vec<String> {
    job.split('/').flat_map(|part| ["job".to_owned(), part.to_owned()]).collect()
}

/// The folder a job is in, and its own name.
pub(super) fn parts(job: &str) -> (Option<&str>, &str) {
    job.rsplit_once('/').map_or((None, job), |(folder, name)| (Some(folder), name))
}
