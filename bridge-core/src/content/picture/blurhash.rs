//! Writes a blurhash: the lowest frequencies of a picture as a short text (<https://blurha.sh>).

use std::f32::consts::PI;

use super::pixels::Pixels;

/// Waves across and down: more say more, in a longer text.
const ACROSS: u32 = 4;
const DOWN: u32 = 3;
const DIGITS: &[u8; 83] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// The blurhash of a picture that has at least one pixel.
pub(super) fn write(pixels: &Pixels) -> String {
    let linear: Vec<[f32; 3]> = pixels.colors.iter().map(|color| color.map(to_linear)).collect();
    let waves = (0..DOWN).flat_map(|down| (0..ACROSS).map(move |across| (across, down)));
    let factors: Vec<[f32; 3]> = waves.map(|(across, down)| factor(pixels, &linear, across, down)).collect();
    let (mean, rest) = (factors[0], &factors[1..]);

    let largest = rest.iter().flatten().fold(0_f32, |largest, value| largest.max(value.abs()));
    let scale = quantized(largest * 166.0 - 0.5, 82);
    #[allow(clippy::cast_precision_loss, reason = "at most 82")]
    let largest = (scale + 1) as f32 / 166.0;

    let mut hash = String::with_capacity(6 + 2 * rest.len());
    push(&mut hash, ACROSS - 1 + (DOWN - 1) * 9, 1);
    push(&mut hash, scale, 1);
    push(&mut hash, mean.map(to_byte).iter().fold(0, |number, byte| number << 8 | byte), 4);
    for factor in rest {
        let steps = factor.map(|value| {
            let share = value / largest;
            quantized(share.signum() * share.abs().sqrt() * 9.0 + 9.5, 18)
        });
        push(&mut hash, steps.iter().fold(0, |number, step| number * 19 + step), 2);
    }
    hash
}

/// How much of one wave is in the picture, for each color.
#[allow(clippy::cast_precision_loss, reason = "a blur of at most 64 by 64 pixels")]
fn factor(pixels: &Pixels, linear: &[[f32; 3]], across: u32, down: u32) -> [f32; 3] {
    let wave = |count: u32, at: usize, side: usize| (PI * count as f32 * at as f32 / side as f32).cos();
    let mut sum = [0_f32; 3];
    for (index, color) in linear.iter().enumerate() {
        let (x, y) = (index % pixels.width, index / pixels.width);
        let share = wave(across, x, pixels.width) * wave(down, y, pixels.height);
        for (sum, value) in sum.iter_mut().zip(color) {
            *sum += share * value;
        }
    }
    let weight = if across == 0 && down == 0 { 1.0 } else { 2.0 };
    sum.map(|sum| sum * weight / linear.len() as f32)
}

fn to_linear(byte: u8) -> f32 {
    let value = f32::from(byte) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn to_byte(linear: f32) -> u32 {
    let value = linear.clamp(0.0, 1.0);
    let value = if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    quantized(value * 255.0 + 0.5, 255)
}

/// The whole number below, from 0 to a limit.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held within 0 and 255 before")]
fn quantized(value: f32, most: u8) -> u32 {
    value.floor().clamp(0.0, f32::from(most)) as u32
}

fn push(hash: &mut String, number: u32, digits: u32) {
    for place in (0..digits).rev() {
        hash.push(char::from(DIGITS[(number / 83_u32.pow(place) % 83) as usize]));
    }
}
