//! A job as it is called: `team/web`, with a branch as `team/web/feature%2Fx`, or its page pasted.

use percent_encoding::percent_decode_str;
use url::Url;

use super::Jenkins;
use crate::{
    dispatch::{
        UserError,
        arguments::InvalidValue,
        values::{self, Caseless},
    },
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
    // A name may have letters of full width; what parts them is no letter.
    let name = typed.trim().replace(" » ", "/").replace('／', "/");
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

/// Whether a page was pasted that is not resolved to a job yet.
pub(super) fn is_page(job: &Caseless) -> bool {
    page(job.as_str()).is_some()
}

/// The name of a job whose page was pasted, and the number of its build where the page is of one; any other name stays
/// as it is.
///
/// # Errors
/// When the page is of another Jenkins, or of no job.
pub(super) fn resolve(
    typed: &mut Caseless,
    jenkins: &Jenkins,
    locale: Locale,
) -> Result<Option<i64>, UserError> {
    let Some(page) = page(typed.as_str()) else { return Ok(None) };
    let path = jenkins.path_of(&page).unwrap_or_default();
    let mut rest = path.as_slice();
    let mut names = Vec::new();
    while let ["job" | "view", name, others @ ..] = rest {
        // A view is no part of a name, and may stand above a job and above a folder.
        if rest[0] == "job" {
            // An encoded slash is part of a name, and would part two here.
            names.push(percent_decode_str(name).decode_utf8_lossy().replace('/', "%2F"));
        }
        rest = others;
    }
    match job(&names.join("/")) {
        Ok(named) if !names.is_empty() => *typed = named,
        _ => {
            let page = text::cut(typed.as_str(), 80);
            return Err(UserError(locale.say("jenkins.no_page", &[("page", &page)])));
        }
    }
    Ok(rest.first().and_then(|part| number()(part).ok()))
}

/// The value parser of a build's number.
pub(super) fn number() -> impl Fn(&str) -> Result<i64, InvalidValue> + Clone + Send + Sync + 'static {
    let number = values::number(1..=i64::from(i32::MAX));
    let error = |_| InvalidValue::new("jenkins.number");
    move |typed| number(typed.strip_prefix(['#', '＃']).unwrap_or(typed)).map_err(error)
}

/// The segments of a job's address.
pub(super) fn segments(job: &str) -> Vec<String> {
    job.split('/').flat_map(|part| ["job".to_owned(), part.to_owned()]).collect()
}

/// The folder a job is in, and its own name.
pub(super) fn parts(job: &str) -> (Option<&str>, &str) {
    job.rsplit_once('/').map_or((None, job), |(folder, name)| (Some(folder), name))
}
