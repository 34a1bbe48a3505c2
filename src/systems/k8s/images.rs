//! Which images may be put into a cluster: what an image is made of, each part held against that of a glob.

use crate::dispatch::access;

/// `registry.example.com:5000/shop/web:1.4@sha256:…`, or a glob of the same form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Image<'i> {
    /// With its registry, whose port is no tag.
    name: &'i str,
    tag: Option<&'i str>,
    digest: Option<&'i str>,
}

impl<'i> Image<'i> {
    /// None for what can be none: two tags, two digests, or an empty part.
    pub(super) fn of(text: &'i str) -> Option<Self> {
        let (named, digest) = text.split_once('@').map_or((text, None), |(named, it)| (named, Some(it)));
        let last = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named[last..].split_once(':') {
            Some((_, tag)) => (&named[..named.len() - tag.len() - 1], Some(tag)),
            None => (named, None),
        };
        let (host, path) = name.split_once('/').unwrap_or((name, ""));
        let port = host.split_once(':').map(|(_, port)| port);
        let is_port = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit() || c == '*');
        let is_part = |part: &str| !part.is_empty() && !part.contains([':', '/', '@']);
        let is_digest = |digest: &str| {
            let (kind, sum) = digest.split_once(':').unwrap_or((digest, "*"));
            is_part(kind) && is_part(sum) && (digest.contains(':') || digest == "*")
        };
        let fits = !name.is_empty()
            && !name.ends_with('/')
            && !path.contains(':')
            && port.is_none_or(is_port)
            && tag.is_none_or(is_part)
            && digest.is_none_or(is_digest);
        fits.then_some(Self { name, tag, digest })
    }

    /// Whether a glob means an image. One with a tag means none with a digest, which is what would be run; one that ends
    /// in a star without either means all tags and digests.
    pub(super) fn fits(&self, glob: &Self) -> bool {
        let part = |glob: Option<&str>, part: Option<&str>| match (glob, part) {
            (Some(glob), Some(part)) => access::fits_glob(glob, part),
            (glob, part) => glob.is_none() && part.is_none(),
        };
        let rest = match (glob.tag, glob.digest) {
            (None, None) if glob.name.ends_with('*') => true,
            (None, Some(_)) => part(glob.digest, self.digest),
            _ => part(glob.tag, self.tag) && part(glob.digest, self.digest),
        };
        rest && access::fits_glob(glob.name, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_held_against_that_of_the_glob() {
        let fits = |glob: &str, image: &str| {
            Image::of(image).is_some_and(|image| Image::of(glob).is_some_and(|glob| image.fits(&glob)))
        };
        let digest = format!("sha256:{}", "a".repeat(64));
        for (glob, image) in [
            ("r.example.com/*", "r.example.com/shop/web:1.4"),
            ("r.example.com/*", &format!("r.example.com/web@{digest}")),
            ("r.example.com/web:1.*", "r.example.com/web:1.4"),
            ("r.example.com/web@sha256:*", &format!("r.example.com/web:1.4@{digest}")),
            ("nginx", "nginx"),
            ("r:5000/*", "r:5000/web:1"),
        ] {
            assert!(fits(glob, image), "{glob} {image}");
        }
        for (glob, image) in [
            ("r.example.com/web:1.*", format!("r.example.com/web:1.4@{digest}").as_str()),
            ("r.example.com/web:1.*", "r.example.com/web"),
            ("nginx:*", "nginx:5000/evil/image:1"),
            ("nginx:*", "nginx:a/evil"),
            ("nginx", "nginx:1"),
            ("*:1", "a:1:2"),
            ("*", "a@sha256:b@sha256:c"),
            ("*", "a/b:c/d"),
        ] {
            assert!(!fits(glob, image), "{glob} {image}");
        }
    }
}
