"""A bare eager PyTorch training step of the network that scvae trains, to measure beside it.

Usage: torch_step.py GENES DENSITY THREADS HIDDEN LATENT CELLS ADAM
ADAM is "default" (torch.optim.Adam as it comes) or "fused".

Prints one line of JSON when ready. Then reads lines of standard input, a number of seconds each, trains for as long and
prints {"steps": ..., "seconds": ..., "loss": ..., "cpu": processor seconds so far}. No data loading: a few dense
minibatches lie in memory.
"""

import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

MINIBATCHES = 8
EPS = 1e-8


class Vae(nn.Module):
    def __init__(self, genes: int, hidden: int, latent: int):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(genes, hidden),
            nn.BatchNorm1d(hidden, eps=1e-3, momentum=0.01),
            nn.ReLU(),
            nn.Dropout(0.1),
        )
        self.mean = nn.Linear(hidden, latent)
        self.raw_variance = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden),
            nn.BatchNorm1d(hidden, eps=1e-3, momentum=0.01),
            nn.ReLU(),
        )
        self.logits = nn.Linear(hidden, genes)
        self.log_dispersion = nn.Parameter(torch.randn(genes))

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        h = self.encoder(torch.log1p(x))
        mean, variance = self.mean(h), self.raw_variance(h).exp() + 1e-4
        z = torch.distributions.Normal(mean, variance.sqrt(), validate_args=False).rsample()
        kl = 0.5 * (variance + mean * mean - 1 - variance.log()).sum(1)
        rho = F.softmax(self.logits(self.decoder(z)), dim=-1)
        mu = x.sum(1, keepdim=True) * rho
        theta = self.log_dispersion.exp()
        log_sum = torch.log(theta + mu + EPS)
        log_likelihood = (
            theta * (torch.log(theta + EPS) - log_sum)
            + x * (torch.log(mu + EPS) - log_sum)
            + torch.lgamma(x + theta)
            - torch.lgamma(theta)
            - torch.lgamma(x + 1)
        )
        return (kl - log_likelihood.sum(1)).mean()


def counts(rng: np.random.Generator, cells: int, genes: int, density: float) -> torch.Tensor:
    x = rng.geometric(0.5, size=(cells, genes)) * (rng.random((cells, genes)) < density)
    return torch.from_numpy(x.astype(np.float32))


def main() -> None:
    genes, density, threads, hidden, latent, cells, adam = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    batches = [counts(rng, int(cells), int(genes), float(density)) for _ in range(MINIBATCHES)]
    model = Vae(int(genes), int(hidden), int(latent)).train()
    fused = {"fused": True} if adam == "fused" else {}
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=0.01, weight_decay=1e-6, **fused)
    done = 0

    def step() -> torch.Tensor:
        nonlocal done
        optimizer.zero_grad()
        loss = model.loss(batches[done % MINIBATCHES])
        loss.backward()
        optimizer.step()
        done += 1
        return loss

    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "adam": adam}), flush=True)
    for line in sys.stdin:
        for _ in range(5):
            loss = step()
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < float(line):
            loss = step()
            steps += 1
        seconds = time.perf_counter() - start
        answer = {"steps": steps, "seconds": seconds, "loss": loss.item(), "cpu": time.process_time()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
