# The torch side of train.bench.ts: the training step of a shipped configuration (training/*.json, its first stage) in plain
# eager PyTorch on the CPU. Ours, with the shapes, loss terms, optimiser, clipping and averages of weights that the file
# states, and random batches. Unlike our step it reports no metrics beside the loss. Prints JSON, one object a line.
#   python3 bench/train_torch.py CONFIG [threads] [repeats]     the best of so many steps
#   python3 bench/train_torch.py CONFIG [threads] --turns       sizes, then one step for each line of standard input
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

config = json.load(open(sys.argv[1]))
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
last = sys.argv[3] if len(sys.argv) > 3 else "5"
torch.set_num_threads(threads)
torch.manual_seed(1)
net, stage = config["network"], config["stages"][0]
defaults = {
    "himtok": {"bce": 1, "dice": 0.25, "commitment": 0.01, "codebook": 1},
    "samtok": {"bce": 2, "dice": 0.5, "commitment": 1, "iou": 0},
}
loss_of = {**defaults[config["codec"]], **config.get("loss", {})}


def free(*shape):
    return nn.Parameter(torch.randn(*shape) * 0.02)


def dice_loss(logits, targets, smooth):
    p, dims = logits.sigmoid(), (-2, -1)
    both = 2 * (p * targets).sum(dims) + smooth
    return (1 - both / (p.sum(dims) + targets.sum(dims) + smooth)).mean()


def attend(q, k, v, heads, blocked=None):
    """q, k, v [batch, rows, width] -> [batch, rows of q, width]."""
    q, k, v = (x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2) for x in (q, k, v))
    if hasattr(F, "scaled_dot_product_attention"):
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=blocked)
    else:
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        mixed = (scores if blocked is None else scores + blocked).softmax(-1) @ v
    return mixed.transpose(1, 2).reshape(q.shape[0], q.shape[2], -1)


# ---- HiMTok: TiTok encoder, codebook, decoder, pixel decoder -----------------------------------------------------------


class Layer(nn.Module):
    def __init__(self, size):
        super().__init__()
        width = size["width"]
        self.heads, hidden = size["heads"], width * net["mlpRatio"]
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x, blocked=None):
        q, k, v = self.qkv(self.ln_1(x)).chunk(3, -1)
        x = x + self.out(attend(q, k, v, self.heads, blocked))
        return x + self.down(F.gelu(self.up(self.ln_2(x))))


class Residual(nn.Module):
    def __init__(self, before, after, groups):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, before, 1e-6), nn.GroupNorm(groups, after, 1e-6)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.short = nn.Conv2d(after, after, 1, bias=False) if before != after else None

    def forward(self, x):
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return y + (x if self.short is None else self.short(y))


class PixelDecoder(nn.Sequential):
    def __init__(self, size):
        groups, multipliers, blocks = size.get("normGroups", 32), size["multipliers"], size["blocks"]
        width = size["channels"] * multipliers[-1]
        parts = [nn.Conv2d(size["inputChannels"], width, 3, padding=1)]
        parts += [Residual(width, width, groups) for _ in range(blocks)]
        for level in reversed(range(len(multipliers))):
            after = size["channels"] * multipliers[level]
            for _ in range(blocks):
                parts.append(Residual(width, after, groups))
                width = after
            if level > 0:
                parts += [nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(width, width, 3, padding=1)]
        parts += [nn.GroupNorm(groups, width, 1e-6), nn.SiLU(), nn.Conv2d(width, size["outputChannels"], 3, padding=1)]
        super().__init__(*parts)


class Himtok(nn.Module):
    def __init__(self):
        super().__init__()
        self.side, self.patch, self.latents = net["sizePx"], net["patchPx"], net["latents"]
        self.grid = self.side // self.patch
        cells, e, d = self.grid**2, net["encoder"]["width"], net["decoder"]["width"]
        self.embed = nn.Conv2d(3, e, self.patch, self.patch)
        self.e_class, self.e_position = free(1, 1, e), free(cells + 1, e)
        self.e_tokens, self.e_latents = free(self.latents, e), free(self.latents, e)
        self.e_pre, self.e_post, self.e_out = nn.LayerNorm(e), nn.LayerNorm(e), nn.Linear(e, net["codeSize"])
        self.e_layers = nn.ModuleList(Layer(net["encoder"]) for _ in range(stage.get("encoderLayers", net["encoder"]["layers"])))
        self.table = free(net["codebookSize"], net["codeSize"])
        self.project = nn.Linear(net["codeSize"], net["codeSize"], bias=False)
        self.d_embed = nn.Linear(net["codeSize"], d)
        self.d_class, self.d_position, self.d_mask = free(1, d), free(cells + 1, d), free(1, d)
        self.d_latents, self.d_pre, self.d_post = free(self.latents, d), nn.LayerNorm(d), nn.LayerNorm(d)
        self.d_layers = nn.ModuleList(Layer(net["decoder"]) for _ in range(net["decoder"]["layers"]))
        self.ffn = nn.Sequential(
            nn.Conv2d(d, 2 * d, 1), nn.Tanh(), nn.Conv2d(2 * d, net["pixelDecoder"]["inputChannels"], 1)
        )
        self.pixels = PixelDecoder(net["pixelDecoder"])
        image, rows = cells + 1, cells + 1 + self.latents
        column, row = torch.arange(rows)[None], torch.arange(rows)[:, None]
        self.register_buffer("blocked", torch.where((column >= image) & (column > row), -1e9, 0.0))

    def encode(self, masks):
        x = self.embed(masks[:, None].expand(-1, 3, -1, -1)).flatten(2).transpose(1, 2)
        x = torch.cat([self.e_class.expand(len(x), -1, -1), x], 1) + self.e_position
        x = torch.cat([x, (self.e_tokens + self.e_latents).expand(len(x), -1, -1)], 1)
        x = self.e_pre(x)
        for layer in self.e_layers:
            x = layer(x, self.blocked)
        return self.e_out(self.e_post(x[:, -self.latents :]))

    def decode(self, codes, present):
        cells, n = self.grid**2, len(codes)
        latents = self.d_embed(codes) * present[..., None] + self.d_latents
        fixed = torch.cat([self.d_class, self.d_mask.expand(cells, -1)]) + self.d_position
        x = self.d_pre(torch.cat([fixed.expand(n, -1, -1), latents], 1))
        for layer in self.d_layers:
            x = layer(x)
        x = self.d_post(x[:, 1 : cells + 1]).transpose(1, 2).reshape(n, -1, self.grid, self.grid)
        return (self.pixels(self.ffn(x)).mean(1) - 0.5) * 5

    def forward(self, batch):
        z = F.normalize(self.encode(batch["masks"]), dim=-1)
        book = F.normalize(self.project(self.table), dim=-1)
        chosen = F.embedding((z.detach() @ book.detach().T).argmax(-1), book)
        share, levels = batch["quantisedShare"], batch["targets"].shape[0]
        mixed = z + ((chosen - z) * share).detach()
        logits = self.decode(mixed.repeat(levels, 1, 1), batch["present"].flatten(0, 1))
        targets = batch["targets"].flatten(0, 1)
        return (
            levels * loss_of["bce"] * F.binary_cross_entropy_with_logits(logits, targets)
            + levels * loss_of["dice"] * dice_loss(logits, targets, 1e-6)
            + loss_of["commitment"] * share * F.mse_loss(z, chosen.detach())
            + loss_of["codebook"] * F.mse_loss(chosen, z.detach())
        )

    def batch(self):
        n, levels = config["batch"]["masks"], config.get("levels", {})
        count = 1 if levels.get("kind") == "each" else 1 + levels.get("partial", 3)
        masks = (torch.rand(n, self.side, self.side) > 0.5).float()
        lengths = torch.randint(1, self.latents + 1, (count, n, 1))
        present = (torch.arange(self.latents) < lengths).float()
        return {"masks": masks, "targets": masks.repeat(count, 1, 1, 1), "present": present}


# ---- SAMTok: Hiera, its neck, mask encoder, residual codebooks, mask decoder -------------------------------------------


def pool(x):
    return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


class ChannelNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        centred = x - x.mean(1, keepdim=True)
        x = centred / (centred.pow(2).mean(1, keepdim=True) + 1e-6).sqrt()
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class HieraBlock(nn.Module):
    def __init__(self, before, to, heads, window, pools):
        super().__init__()
        self.to, self.heads, self.window, self.pools = to, heads, window, pools
        self.norm1, self.norm2 = nn.LayerNorm(before, 1e-6), nn.LayerNorm(to, 1e-6)
        self.qkv, self.out = nn.Linear(before, 3 * to), nn.Linear(to, to)
        self.up, self.down = nn.Linear(to, 4 * to), nn.Linear(4 * to, to)
        self.proj = nn.Linear(before, to) if before != to else None

    def forward(self, x):
        normal = self.norm1(x)
        short = x if self.proj is None else self.proj(normal)
        if self.pools:
            short = pool(short)
        n, side = x.shape[0], x.shape[1]
        window = self.window or side
        count = math.ceil(side / window)
        spare = count * window - side
        cut = F.pad(normal, (0, 0, 0, spare, 0, spare)) if spare else normal
        cut = cut.reshape(n, count, window, count, window, -1).transpose(2, 3).reshape(n * count**2, window, window, -1)
        q, k, v = self.qkv(cut).chunk(3, -1)
        if self.pools:
            q, window, side = pool(q), window // 2, side // 2
        mixed = self.out(attend(q.flatten(1, 2), k.flatten(1, 2), v.flatten(1, 2), self.heads))
        mixed = mixed.reshape(n, count, count, window, window, self.to).transpose(2, 3)
        x = short + mixed.reshape(n, count * window, count * window, self.to)[:, :side, :side]
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Trunk(nn.Module):
    def __init__(self, sam2):
        super().__init__()
        trunk = sam2["trunk"]
        width, heads, windows = trunk["embedDim"], trunk["heads"], trunk["windows"]
        self.side, self.window = (sam2["imagePx"] - 1) // 4 + 1, windows[0]
        self.patch = nn.Conv2d(3, width, 7, 4, 3)
        self.background = free(1, width, *trunk["background"])
        self.repeated = free(1, width, self.window, self.window)
        self.blocks, self.ends, self.widths = nn.ModuleList(), [], []
        for level, blocks in enumerate(trunk["stages"]):
            for i in range(blocks):
                first = level > 0 and i == 0
                to, heads = (width * 2, heads * 2) if first else (width, heads)
                window = windows[level - 1 if first else level]
                window = 0 if len(self.blocks) in trunk["globalBlocks"] else window
                self.blocks.append(HieraBlock(width, to, heads, window, first and level <= trunk["poolings"]))
                width = to
            self.ends.append(len(self.blocks) - 1)
            self.widths.append(width)

    def forward(self, picture):
        times = math.ceil(self.side / self.window)
        position = F.interpolate(self.background, (self.side, self.side), mode="bicubic", align_corners=False)
        position = position + self.repeated.tile(1, 1, times, times)[:, :, : self.side, : self.side]
        x, maps = (self.patch(picture) + position).permute(0, 2, 3, 1), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.ends:
                maps.append(x.permute(0, 3, 1, 2))
        return maps


class Attention(nn.Module):
    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, inner) for _ in range(3))
        self.out = nn.Linear(inner, width)

    def forward(self, q, k, v):
        return self.out(attend(self.q(q), self.k(k), self.v(v), self.heads))


def mlp(*widths):
    parts = []
    for before, after in zip(widths, widths[1:]):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


class TwoWayBlock(nn.Module):
    def __init__(self, width, inner, heads, hidden):
        super().__init__()
        self.own = Attention(width, width, heads)
        self.to_image, self.to_tokens = Attention(width, inner, heads), Attention(width, inner, heads)
        self.mlp = mlp(width, hidden, width)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(width) for _ in range(4))


class TwoWay(nn.Module):
    def __init__(self, width, size):
        super().__init__()
        sizes = (width, width // size["attentionDownsample"], size["heads"])
        self.blocks = nn.ModuleList(TwoWayBlock(*sizes, size["mlpWidth"]) for _ in range(size["depth"]))
        self.last, self.norm = Attention(*sizes), nn.LayerNorm(width)

    def forward(self, tokens, cells, position):
        q, k = tokens, cells
        for i, b in enumerate(self.blocks):
            q = b.norm1(b.own(q, q, q) if i == 0 else q + b.own(q + tokens, q + tokens, q))
            q = b.norm2(q + b.to_image(q + tokens, k + position, k))
            q = b.norm3(q + b.mlp(q))
            k = b.norm4(k + b.to_tokens(k + position, q + tokens, q))
        return self.norm(q + self.last(q + tokens, k + position, k)), k


class Samtok(nn.Module):
    def __init__(self):
        super().__init__()
        sam2 = {**net["sam2"], "imagePx": stage.get("imagePx", net["sam2"]["imagePx"])}
        width, prompt = sam2["width"], sam2["maskPromptWidth"]
        self.px, self.width, self.top_down = sam2["imagePx"], width, sam2["topDownLevels"]
        self.trunk = Trunk(sam2)
        self.coarsest = len(self.trunk.widths) - 1 - sam2["dropLevels"]
        self.side = self.trunk.side // 2 ** min(self.coarsest, sam2["trunk"]["poolings"])
        self.neck = nn.ModuleList(nn.Conv2d(w, width, 1) for w in self.trunk.widths)
        self.conv_s0, self.conv_s1 = nn.Conv2d(width, width // 8, 1), nn.Conv2d(width, width // 4, 1)
        self.no_memory, self.no_mask = free(width, 1, 1), free(1, width, 1, 1)
        self.points = free(5, width)  # no point, off, on, left top, right bottom
        self.down = nn.Sequential(
            *(nn.Conv2d(1, prompt // 4, 2, 2), ChannelNorm(prompt // 4), nn.GELU()),
            *(nn.Conv2d(prompt // 4, prompt, 2, 2), ChannelNorm(prompt), nn.GELU()),
            nn.Conv2d(prompt, width, 1),
        )
        self.encoder_token, self.encoder = free(1, width), TwoWay(width, sam2["twoWay"])
        self.decoder_tokens, self.decoder = free(6, width), TwoWay(width, sam2["twoWay"])
        self.up1, self.up2 = nn.ConvTranspose2d(width, width // 4, 2, 2), nn.ConvTranspose2d(width // 4, width // 8, 2, 2)
        self.up_norm, self.kernel = ChannelNorm(width // 4), mlp(width, width, width, width // 8)
        self.iou = mlp(width, width, width, 4)
        self.codes, self.levels = net["codesPerLevel"], net["levels"]
        self.register_buffer("gaussian", torch.randn(2, width // 2))
        self.register_buffer("books", torch.randn(self.levels, self.codes, width))
        self.register_buffer("sizes", torch.zeros(self.levels, self.codes))
        self.register_buffer("sums", torch.zeros(self.levels, self.codes, width))
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406])[:, None, None])
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225])[:, None, None])
        middles = (torch.arange(self.side) + 0.5) / self.side
        y, x = torch.meshgrid(middles, middles, indexing="ij")
        self.register_buffer("middles", torch.stack([x, y], -1).reshape(-1, 2))

    def fourier(self, at):
        angles = 2 * math.pi * ((2 * at - 1) @ self.gaussian)
        return torch.cat([angles.sin(), angles.cos()], -1)

    def features(self, pixels):
        maps = self.trunk((pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std)
        levels, above = {}, None
        for level in reversed(range(len(maps))):
            own = self.neck[level](maps[level])
            if above is not None and level in self.top_down:
                own = own + F.interpolate(above, scale_factor=2, mode="nearest")
            levels[level] = above = own
        at, each = self.coarsest, config["batch"]["masksPerPicture"]
        maps = (levels[at] + self.no_memory, self.conv_s1(levels[at - 1]), self.conv_s0(levels[at - 2]))
        return [x.repeat_interleave(each, 0) for x in maps]

    def quantise(self, vectors, share):
        residual, total, commitment = vectors.detach(), 0, 0
        for level in range(self.levels):
            book = self.books[level]
            chosen = (book.pow(2).sum(1) - 2 * residual @ book.T).argmin(1)
            rows = book[chosen]
            self.follow(level, residual, chosen)
            total, residual = total + rows, residual - rows
            commitment = commitment + F.mse_loss(vectors, total)
        return vectors + ((total - vectors) * share).detach(), commitment / self.levels

    @torch.no_grad()
    def follow(self, level, vectors, chosen):
        """The codebook's moving averages; codes that died restart at a vector of the batch."""
        moving = {"decay": 0.99, "restartBelow": 0.1, **config.get("codebooks", {})}
        hot, even = F.one_hot(chosen, self.codes).float(), len(vectors) / self.codes
        sizes, sums = self.sizes[level], self.sums[level]
        sizes.mul_(moving["decay"]).add_(hot.sum(0), alpha=1 - moving["decay"])
        sums.mul_(moving["decay"]).add_(hot.T @ vectors, alpha=1 - moving["decay"])
        dead = sizes < moving["restartBelow"] * even
        drawn = vectors[torch.randint(len(vectors), (self.codes,))]
        sums.copy_(torch.where(dead[:, None], drawn * even, sums))
        sizes.copy_(torch.where(dead, torch.full_like(sizes, even), sizes))
        self.books[level] = sums / (sizes[:, None] + 1e-6)

    def forward(self, batch):
        coarse, middle, fine = self.features(batch["pixels"])
        n, side = len(coarse), self.side
        position = self.fourier(self.middles)
        none = self.points[:1].expand(n, 1, -1)
        corners = self.fourier((batch["boxes"].reshape(n, 2, 2) + 0.5) / self.px) + self.points[3:]
        tokens = torch.cat([self.encoder_token.expand(n, 1, -1), corners, none], 1)
        cells = (coarse + self.down(batch["masks"][:, None])).flatten(2).transpose(1, 2)
        vectors = self.encoder(tokens, cells, position)[0][:, 0]
        mixed, commitment = self.quantise(vectors, batch["quantisedShare"])

        tokens = torch.cat([self.decoder_tokens.expand(n, -1, -1), none, none, mixed[:, None]], 1)
        cells = (coarse + self.no_mask).flatten(2).transpose(1, 2)
        tokens, cells = self.decoder(tokens, cells, position)
        x = F.gelu(self.up_norm(self.up1(cells.transpose(1, 2).reshape(n, -1, side, side)) + middle))
        x = F.gelu(self.up2(x) + fine)
        logits = (self.kernel(tokens[:, 3])[:, None] @ x.flatten(2)).reshape(n, 4 * side, 4 * side)
        even, targets = logits - config.get("evenLogit", 0.5), batch["targets"]
        with torch.no_grad():
            ours, theirs = (even > 0).float(), (targets >= 0.5).float()
            both = (ours * theirs).sum((1, 2))
            hard = both / (ours.sum((1, 2)) + theirs.sum((1, 2)) - both).clamp(min=1)
        return (
            loss_of["bce"] * F.binary_cross_entropy_with_logits(even, targets)
            + loss_of["dice"] * dice_loss(even, targets, 1)
            + loss_of["commitment"] * batch["quantisedShare"] * commitment
            + loss_of["iou"] * F.mse_loss(self.iou(tokens[:, 1]).sigmoid()[:, 1], hard)
        )

    def batch(self):
        pictures, side = config["batch"]["pictures"], 4 * self.side
        n = pictures * config["batch"]["masksPerPicture"]
        masks = (torch.rand(n, side, side) > 0.5).float()
        pixels = torch.randint(256, (pictures, self.px, self.px, 3), dtype=torch.uint8)
        return {"pixels": pixels, "masks": masks, "targets": masks, "boxes": torch.rand(n, 4) * self.px}


# ---- The step ----------------------------------------------------------------------------------------------------------

if config["codec"] == "samtok" and (
    config.get("alternative", "first") != "first" or "points" in loss_of or not loss_of.get("iou")
):
    sys.exit("this script knows the first alternative, the loss over whole masks and a trained IoU head only")
if stage.get("frozen"):
    sys.exit("this script knows stages without frozen weights only")

model = Himtok() if config["codec"] == "himtok" else Samtok()
batch = {**model.batch(), "quantisedShare": torch.tensor(1.0)}
given = {"weightDecay": 0.05, "beta1": 0.9, "beta2": 0.99, "clipNorm": 1, "averageDecay": 0.999}
given.update(config.get("optimiser", {}))
weights = list(model.parameters())
matrices = [w for w in weights if w.dim() > 1]
others = [w for w in weights if w.dim() <= 1]
optimiser = torch.optim.AdamW(
    [{"params": matrices, "weight_decay": given["weightDecay"]}, {"params": others, "weight_decay": 0}],
    lr=1e-4,
    betas=(given["beta1"], given["beta2"]),
    foreach=True,
)
averages = [w.detach().clone() for w in weights]


def step():
    optimiser.zero_grad(set_to_none=True)
    loss = model(batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, given["clipNorm"])
    optimiser.step()
    with torch.no_grad():
        torch._foreach_mul_(averages, given["averageDecay"])
        torch._foreach_add_(averages, weights, alpha=1 - given["averageDecay"])
    return loss.item()


def timed():
    wall, cpu = time.perf_counter(), time.process_time()
    loss = step()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "loss": loss}


about = {"version": torch.__version__, "parameters": sum(w.numel() for w in weights), "threads": threads}
if last == "--turns":
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        print(json.dumps(timed()), flush=True)
else:
    step()
    runs = [timed() for _ in range(int(last))]
    best = {key: min(run[key] for run in runs) for key in ("wall_s", "cpu_s")}
    print(json.dumps({**about, **best, "loss": runs[-1]["loss"]}))
unused = [name for name, w in model.named_parameters() if w.grad is None]
if unused:
    sys.exit(f"weights without a gradient: {', '.join(unused)}")
