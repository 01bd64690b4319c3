//! Counts how often each file could not be carried over, so that none holds up its chat for ever.

use std::time::Duration;

use crate::cache::Cache;
use crate::content::FileSource;
use crate::error::NetworkError;

/// How often a file is tried before it is given up: with the back-off some minutes.
const MOST_TRIES: u32 = 10;
/// How long a failure counts: a single try of a large file may take hours.
const COUNTED: Duration = Duration::from_hours(24);
/// Files that are counted at the same time, at most.
const MOST_FILES: usize = 10_000;

/// The failures of each file, since the program's start.
#[derive(Debug, Clone)]
pub(super) struct Tries(Cache<FileSource, u32>);

impl Default for Tries {
    fn default() -> Self {
        Self(Cache::expiring(MOST_FILES, COUNTED))
    }
}

impl Tries {
    /// Counts a failure of a file that may pass. The last one that is waited for becomes a refusal; whatever else went
    /// wrong stays as it is.
    pub(super) fn count(&self, source: &FileSource, error: NetworkError) -> NetworkError {
        let NetworkError::Transient(why) = error else { return error };
        let failures = self.0.get(source).unwrap_or(0) + 1;
        if failures < MOST_TRIES {
            self.0.insert(source.clone(), failures);
            return NetworkError::Transient(why);
        }
        self.0.remove(source);
        NetworkError::Rejected(format!(
            "The file could not be carried over in {MOST_TRIES} tries. {} Send it again, or another copy of it.",
            sentence(&why)
        ))
    }
}

fn sentence(why: &str) -> String {
    if why.ends_with(['.', '!', '?']) { why.to_owned() } else { format!("{why}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> NetworkError {
        NetworkError::Transient("The connection was lost".to_owned())
    }

    #[tokio::test]
    async fn each_file_is_given_up_after_its_own_failures() {
        let (tries, one) = (Tries::default(), FileSource::new("mxc://hs/one"));
        for _ in 1..MOST_TRIES {
            assert!(matches!(tries.count(&one, broken()), NetworkError::Transient(_)));
        }
        let other = tries.count(&FileSource::new("mxc://hs/two"), broken());
        assert!(matches!(other, NetworkError::Transient(_)), "{other:?}");
        let wait = tries.count(&one, NetworkError::RateLimited(Duration::from_secs(1)));
        assert!(matches!(wait, NetworkError::RateLimited(_)), "being told to wait is no failure: {wait:?}");
        let last = tries.count(&one, broken());
        assert!(
            matches!(&last, NetworkError::Rejected(why) if why.contains("10 tries. The connection was lost. ")),
            "{last:?}"
        );
        let again = tries.count(&one, broken());
        assert!(matches!(again, NetworkError::Transient(_)), "sent again it has all its tries: {again:?}");
    }
}
