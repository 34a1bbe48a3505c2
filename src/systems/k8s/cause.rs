//! Why a revision was made, as whoever made it says: often a command line, in which may be what nobody is to see.

use super::{health, images::Image};

/// Options whose values say what is done to what, and no more.
const HARMLESS: [&str; 24] = [
    "-f",
    "-i",
    "-k",
    "-l",
    "-n",
    "--all",
    "--atomic",
    "--cluster",
    "--containers",
    "--context",
    "--dry-run",
    "--field-manager",
    "--filename",
    "--image",
    "--install",
    "--limits",
    "--namespace",
    "--port",
    "--record",
    "--replicas",
    "--requests",
    "--revision",
    "--to-revision",
    "--wait",
];
/// So many words of a line of kubectl say what is done to what: `kubectl set image deploy web`. What follows is run.
const MAX_WORDS: usize = 5;

/// The annotation as far as it says what is done to what, with which images. Anything else that is set may be a secret
/// whatever its name, and have blanks in it: from there on nothing is shown.
pub(super) fn told(annotation: &str) -> String {
    let words: Vec<&str> = annotation.split_whitespace().collect();
    let Some(at) = (0..words.len()).find(|at| may_hold_a_value(words[*at], &words[..*at])) else {
        return health::quoted(annotation);
    };
    let is_name =
        |name: &&str| name.starts_with("--") || name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let name = words[at].split_once('=').map(|(name, _)| name).filter(is_name);
    let hidden = name.map_or("***".to_owned(), |name| format!("{name}=***"));
    health::quoted(&[&words[..at], &[&hidden]].concat().join(" "))
}

/// Whether a word behind these sets something, or what follows it may.
fn may_hold_a_value(word: &str, before: &[&str]) -> bool {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let is_option =
        name.starts_with('-') && name.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic());
    match value {
        _ if word.contains('{') => true,
        _ if is_option => !HARMLESS.contains(&name),
        Some(value) => !(sets_images(before) && is_image(value)),
        None if before.first().is_some_and(|tool| tool.starts_with("kubectl")) => {
            let is_named = |word: &&&str| !word.starts_with('-') && !word.contains('=');
            // The value of an option may stand behind it.
            let is_open = |word: &&&str| word.starts_with('-') && !word.contains('=');
            let most = MAX_WORDS + before.iter().filter(is_open).count();
            word == "--" || before.iter().filter(is_named).count() >= most
        }
        None => false,
    }
}

/// Whether what follows these words is of `set image`.
fn sets_images(words: &[&str]) -> bool {
    let set = words.iter().rposition(|word| *word == "set");
    let words = set.map_or(&[][..], |set| &words[set..]);
    words.contains(&"image") && !words.iter().any(|word| *word == "env" || word.ends_with(['&', '|', ';']))
}

/// Whether a value can be nothing else than an image: it says where from, or which one.
fn is_image(value: &str) -> bool {
    value.contains([':', '/']) && Image::of(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_to_what_is_told() {
        for cause in [
            "release 1.4.2 -- 修复登录",
            "rollback to revision 3 (dingtalk 0147000002)",
            "set image app=registry.example.com/shop/web:1.4.2 log=fluent:2 (dingtalk 0147000002)",
            "kubectl set image deployment web app=web:2 --record=true",
            "kubectl -n prod set image deployment web app=r.example.com:5000/web@sha256:0f --record",
            "kubectl create deployment web --image=web:1 --replicas=3 --record=true",
            "kubectl apply --filename=web.yaml --record=true",
            "kubectl set resources deployment web --limits=cpu=1,memory=512Mi --record=true",
            "helm upgrade --install web ./web -n prod -f values.yaml",
        ] {
            assert_eq!(told(cause), cause);
        }
    }

    #[test]
    fn what_is_set_is_not() {
        for (cause, shown) in [
            (
                r#"kubectl patch deployment web --patch={"value":"hunter2"}"#,
                "kubectl patch deployment web --patch=***",
            ),
            (r#"kubectl patch deploy web -p '[{"value": "hunter2"}]'"#, "kubectl patch deploy web ***"),
            ("kubectl patch deploy web -p spec: hunter2", "kubectl patch deploy web ***"),
            (
                "kubectl create deployment web --image=web:1 --env=MOOD=hunter2",
                "kubectl create deployment web --image=web:1 --env=***",
            ),
            ("kubectl run web --image=web:1 --env MOOD=hunter2", "kubectl run web --image=web:1 ***"),
            ("oc env dc/web MOOD=hunter2 hunter3", "oc env dc/web MOOD=***"),
            ("kubectl SET  ENV deploy/web MOOD=hunter2", "kubectl SET ENV deploy/web MOOD=***"),
            ("kubectl set env -eMOOD=hunter2 deploy/web", "kubectl set env ***"),
            ("kubectl set env deploy image MOOD=a:hunter2", "kubectl set env deploy image MOOD=***"),
            (
                "oc set image dc/web app=web:2 && oc env dc/web A=a:hunter2",
                "oc set image dc/web app=web:2 && oc env dc/web A=***",
            ),
            ("kubectl set image deploy/web app=hunter2", "kubectl set image deploy/web app=***"),
            ("helm upgrade web ./web --set env.MOOD=hunter2", "helm upgrade web ./web ***"),
            ("helm upgrade web ./web --set-json 'env={}'", "helm upgrade web ./web ***"),
            (
                "kubectl create deployment web login hunter2 --image=web:1",
                "kubectl create deployment web login ***",
            ),
            ("kubectl run web --image=web:1 -- hunter2", "kubectl run web --image=web:1 ***"),
            ("came back with -phunter2=x", "came back with ***"),
        ] {
            assert_eq!(told(cause), shown, "{cause}");
        }
    }
}
