//! Raised and lowered text, for which rich text has no formatting, in the characters that look like it.

/// Characters, and the same raised.
const RAISED: &str = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ";
/// Characters, and the same lowered.
const LOWERED: &str = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓ";

/// Where text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Raised,
    Lowered,
}

impl Script {
    /// What an element makes of its text.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "sup" => Some(Self::Raised),
            "sub" => Some(Self::Lowered),
            _ => None,
        }
    }

    /// The text raised or lowered; none if any of its characters cannot be.
    pub(super) fn write(self, text: &str) -> Option<String> {
        let table = match self {
            Self::Raised => RAISED,
            Self::Lowered => LOWERED,
        };
        text.chars().map(|wanted| moved(table, wanted)).collect()
    }
}

fn moved(table: &str, wanted: char) -> Option<char> {
    let mut characters = table.chars();
    while let (Some(plain), Some(moved)) = (characters.next(), characters.next()) {
        if plain == wanted {
            return Some(moved);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Script;

    #[test]
    fn moves_all_or_nothing() {
        assert_eq!(Script::Raised.write("2").as_deref(), Some("²"));
        assert_eq!(Script::Lowered.write("10").as_deref(), Some("₁₀"));
        assert_eq!(Script::Raised.write("a note"), None);
        assert_eq!(Script::of("b"), None);
    }
}
