"""Operations that move elements or look at them differently."""

from .registry import CUBE, A, B, case

case("reshape", lambda m, x: x.reshape(2, -1), A)
case("view", lambda m, x: x.view(12), A)
case("flatten", lambda m, x: x.flatten(1), CUBE)
case("permute", lambda m, x: x.permute(2, 0, 1), CUBE)
case("transpose", lambda m, x: x.transpose(0, -1), CUBE)
case("T", lambda m, x: x.T * 1.0, A)
case("squeeze", lambda m, x: x.unsqueeze(1).squeeze(1), A)
case("expand", lambda m, x: x.expand(2, 3, 4), A)
case("repeat", lambda m, x: x.repeat(2, 1, 3), A)
case("cat", lambda m, x, y: m.cat([x, y, x], 1), A, B)
case("stack", lambda m, x, y: m.stack([x, y], -1), A, B)
case("split", lambda m, x: x.split([1, 3], 1)[1], A)
case("chunk", lambda m, x: x.chunk(3, 1)[0] * x.chunk(3, 1)[1], A)
case("unbind", lambda m, x: x.unbind(1)[2], A)
case("flip", lambda m, x: x.flip(0, 1), A)
case("tril", lambda m, x: x.tril(-1), A)
case("triu", lambda m, x: x.triu(1), A)
case("clone", lambda m, x: x.clone(), A)
case("contiguous", lambda m, x: x.t().contiguous(), A)
