//! `version`: of which form a dingops.toml is, and what to change in an older one.

use super::document::{Document, Mistake};

/// The form that is read.
pub(super) const VERSION: i64 = 1;
/// What to change in a file of each earlier version, from 0 on, to make it one of the next.
const OLDER: [&str; VERSION as usize] = [
    "add [[allow]] with who = [\"staff\"] and effect = \"read\", without which nobody may run more than open commands, \
     and write version = 1",
];

/// Checks the version before all else: a file of another one has keys that this one does not know.
pub(super) fn check(document: &Document<'_>) -> Result<(), Mistake> {
    let Some(version) = document.integer("version") else { return Ok(()) };
    let came = *version.get_ref();
    let older =
        usize::try_from(came).ok().and_then(|came| OLDER.get(came..)).filter(|older| !older.is_empty());
    let advice = match older {
        _ if came == VERSION => return Ok(()),
        Some(older) => format!("; to bring the file up to date, {}", older.join("; then ")),
        None if came < 0 => "; there has never been such a version".to_owned(),
        None => "; the file is for a newer dingops: run that, or go back to the file of this one".to_owned(),
    };
    Err(document.places().mistake(version.span(), format!("expected {VERSION}, came {came}{advice}")))
}
