//! Transaction ids made from what is sent, so that a repeat is recognized even by a new database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ruma::{OwnedTransactionId, TransactionId};
use sha2::{Digest, Sha256};

/// How many characters an id has: 192 bits.
const LENGTH: usize = 32;

/// What one send is, from the remote network's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxnKey<'a> {
    /// What kind of effect: `message`, `edit`, `reaction`, `redaction` …
    pub kind: &'a str,
    /// The remote event's identity.
    pub remote_id: &'a str,
    /// Which part of it.
    pub part: &'a str,
    /// Who sends it. Synapse remembers ids per appservice: two ghosts with one id would lose a message.
    pub ghost: &'a str,
    /// Which version of it; empty for something that has one.
    pub revision: &'a str,
}

/// The transaction id of a send: equal for equal keys, different for different ones.
pub fn txn_id(key: &TxnKey<'_>) -> OwnedTransactionId {
    let mut hash = Sha256::new();
    for field in [key.kind, key.remote_id, key.part, key.ghost, key.revision] {
        // The length first: otherwise ("a", "bc") and ("ab", "c") would be the same.
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    let mut id = URL_SAFE_NO_PAD.encode(hash.finalize());
    id.truncate(LENGTH);
    <&TransactionId>::from(id.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(fields: &[String; 5]) -> OwnedTransactionId {
        let [kind, remote_id, part, ghost, revision] = fields;
        txn_id(&TxnKey { kind, remote_id, part, ghost, revision })
    }

    #[test]
    fn ids_stay_the_same_for_ever() {
        let key = TxnKey {
            kind: "message",
            remote_id: "T1-C1-1700000000.000100",
            part: "",
            ghost: "@chat_u:hs.test",
            revision: "",
        };
        assert_eq!(txn_id(&key).as_str().len(), LENGTH);
        assert_eq!(txn_id(&key), txn_id(&key));
        assert_eq!(txn_id(&key).as_str(), "oW17jpPrXg63T2x4pwW3Ru79Y4xqAfzB");
    }

    #[test]
    fn moving_a_border_changes_the_id() {
        let a = ["a", "bc", "", "", ""].map(str::to_owned);
        let b = ["ab", "c", "", "", ""].map(str::to_owned);
        let c = ["a", "b", "c", "", ""].map(str::to_owned);
        assert_ne!(id(&a), id(&b));
        assert_ne!(id(&a), id(&c));
    }

    proptest! {
        #[test]
        fn different_keys_have_different_ids(
            a in prop::array::uniform5("[ab0\u{0}\u{1f}]{0,3}"),
            b in prop::array::uniform5("[ab0\u{0}\u{1f}]{0,3}"),
        ) {
            prop_assert_eq!(a == b, id(&a) == id(&b));
        }

        #[test]
        fn ids_need_no_escaping(a in prop::array::uniform5(".{0,20}")) {
            let id = id(&a);
            prop_assert!(id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }
}
