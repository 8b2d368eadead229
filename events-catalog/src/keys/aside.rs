//! How the key of an aside holds the usage key that it decorates: both parts with escapes, and `::` between them.

use super::error::{Fault, KeyPart, Wrong};

/// The two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `aside-usage-v1`: `::` becomes `$::`. Cannot hold every usage key.
    V1,
    /// `aside-usage-v2`: `:` becomes `$:`.
    V2,
}

impl Escapes {
    /// The usage key and the type of the aside.
    ///
    /// # Errors
    /// When there is no `::` (the first way takes that as an empty type), and when a part is not escaped as it should be.
    pub(super) fn split(self, rest: &str) -> Result<(String, String), Wrong> {
        let parts = match self {
            Self::V1 => Some(rest.split_once("::").unwrap_or((rest, ""))),
            Self::V2 => rest.rsplit_once("::"),
        };
        let (key, aside_type) = parts.ok_or_else(|| Fault::Missing.of(KeyPart::AsideType))?;
        let read = |part, text| self.undone(text).ok_or_else(|| Fault::Escapes.of(part));
        Ok((
            read(KeyPart::UsageKey, key)?,
            read(KeyPart::AsideType, aside_type)?,
        ))
    }

    pub(super) fn join(self, key: &str, aside_type: &str) -> String {
        format!("{}::{}", self.done(key), self.done(aside_type))
    }

    fn done(self, text: &str) -> String {
        let text = text.replace('$', "$$");
        match self {
            Self::V1 => text.replace("::", "$::"),
            Self::V2 => text.replace(':', "$:"),
        }
    }

    fn undone(self, text: &str) -> Option<String> {
        match self {
            Self::V1 => {
                let plain = text.replace("$::", "::").replace("$$", "$");
                // Not every text comes from one that was escaped.
                (self.done(&plain) == text).then_some(plain)
            }
            Self::V2 => {
                if has_bare_colon(text) {
                    return None;
                }
                let colons = text.replace("$:", ":");
                let odd = |run: &str| run.len() % 2 == 1;
                let mut runs = colons.split(|char| char != '$');
                (!runs.any(odd)).then(|| colons.replace("$$", "$"))
            }
        }
    }
}

/// Whether a colon stands without `$` before it.
fn has_bare_colon(text: &str) -> bool {
    text.starts_with(':')
        || text
            .as_bytes()
            .windows(2)
            .any(|pair| pair[1] == b':' && pair[0] != b'$')
}

#[cfg(test)]
mod tests {
    use super::Escapes;

    #[test]
    fn what_was_escaped_comes_back() {
        for escapes in [Escapes::V1, Escapes::V2] {
            for text in [
                "", "a", "$", "a$", "$$", "a:b", "::", ":::", "a::b$::", "$:", ":$",
            ] {
                assert_eq!(escapes.undone(&escapes.done(text)).as_deref(), Some(text));
            }
        }
    }

    #[test]
    fn what_no_escaping_gives_is_refused() {
        for text in ["$", "a$b", "a::b", "$$$", "$::$"] {
            assert_eq!(Escapes::V1.undone(text), None, "{text}");
        }
        for text in ["$", "a$b", ":", "a:b", "$$:", "$$$", "$::"] {
            assert_eq!(Escapes::V2.undone(text), None, "{text}");
        }
    }
}
