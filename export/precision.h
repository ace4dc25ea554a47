#pragma once

namespace arcsat {

/// How a graph keeps the encoder's weights and multiplies by them.
enum class Precision {
  kFloat32,
  /// Weights as whole numbers of -64..64 with a scale for each output, activations of 1..255 with a
  /// scale for each token, products and sums exact (on every x86: two products never pass 16 bits).
  /// A scale of its own makes a token's result depend on that token alone, so batch mates and later
  /// turns change no more than rounding does (a float's last digit can make a whole number
  /// another). One scale for the whole tensor, which runtimes use, would let the largest token
  /// decide.
  kInt8,
  /// Weights in half precision, products of half-precision numbers (runtimes add them up in single
  /// precision), everything between them in single precision, as autocast trains.
  kFloat16,
};

}  // namespace arcsat
