//! Changes inputs at random, from a seed.

/// Inputs do not grow beyond this, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// A small generator of numbers (xorshift64*). Its only purpose is to give the same ones for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() >> 33).unwrap_or(0) % end }
    }

    /// One of some.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &'a [impl AsRef<T>]) -> Option<&'a T> {
        from.get(self.below(from.len())).map(AsRef::as_ref)
    }
}

/// An input made from one or two others and the format's words.
pub fn mutate(random: &mut Random, corpus: &[String], words: &[&str]) -> Vec<u8> {
    let mut bytes = random.pick::<str>(corpus).unwrap_or_default().as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        change(random, &mut bytes, corpus, words);
        bytes.truncate(MAX_BYTES);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, corpus: &[String], words: &[&str]) {
    let at = random.below(bytes.len() + 1);
    let until = (at + random.below(64)).min(bytes.len());
    match random.below(8) {
        0 => {
            bytes.drain(at..until);
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => {
            let piece = bytes[at..until].repeat(1 + random.below(40));
            bytes.splice(at..at, piece);
        }
        3 => {
            let other = random.pick::<str>(corpus).unwrap_or_default().as_bytes();
            let from = random.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        4 => {
            let to = random.below(bytes.len() + 1 - (until - at));
            let piece: Vec<u8> = bytes.drain(at..until).collect();
            bytes.splice(to..to, piece);
        }
        5 => bytes.truncate(at),
        _ => {
            let word = random.pick::<str>(words).unwrap_or_default();
            let times = if random.below(8) == 0 { random.below(200) } else { 1 };
            bytes.splice(at..at, word.repeat(times).into_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, mutate};

    #[test]
    fn a_seed_gives_the_same_inputs() {
        let inputs = |seed| {
            let mut random = Random::new(seed);
            (0..50).map(|_| mutate(&mut random, &["abc".to_owned()], &["x"])).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }
}
