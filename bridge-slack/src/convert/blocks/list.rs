//! Nests lists that come as a flat sequence with depths.

use bridge_core::content::{Block, Item};

/// Adds the items of a list at a depth: under the last item of the list before it, or to that list.
pub(crate) fn insert(blocks: &mut Vec<Block>, depth: usize, start: Option<u32>, items: Vec<Item>) {
    match blocks.last_mut() {
        Some(Block::List { items: outer, .. }) if depth > 0 && !outer.is_empty() => {
            if let Some(item) = outer.last_mut() {
                insert(&mut item.blocks, depth - 1, start, items);
            }
        }
        Some(Block::List { start: before, items: outer }) if continues(*before, outer.len(), start) => {
            outer.extend(items);
        }
        _ => blocks.push(Block::List { start, items }),
    }
}

/// The number that a further item of the numbered list at a depth has; none if there is no such list.
pub(crate) fn next_number(blocks: &[Block], depth: usize) -> Option<u32> {
    match blocks.last() {
        Some(Block::List { items, .. }) if depth > 0 => next_number(&items.last()?.blocks, depth - 1),
        Some(Block::List { start: Some(start), items }) => {
            Some(start.saturating_add(u32::try_from(items.len()).unwrap_or(u32::MAX)))
        }
        _ => None,
    }
}

/// Whether a list goes on with the one before it, which was interrupted by a deeper one only.
fn continues(before: Option<u32>, count: usize, start: Option<u32>) -> bool {
    match (before, start) {
        (None, None) => true,
        (Some(before), Some(start)) => {
            u32::try_from(count).is_ok_and(|count| before.saturating_add(count) == start)
        }
        _ => false,
    }
}
