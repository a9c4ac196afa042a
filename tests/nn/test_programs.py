"""Programs in PyTorch's idiom, run in both libraries from one seed: the same losses, step by step.

Starting weights, data, what dropout drops and the order of draws are PyTorch's, so that losses
differ by rounding alone.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_sm as sg

from .agreement import pytorch


def convolutional(torch):
    nn, F = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 4, 3, 1)
            self.conv2 = nn.Conv2d(4, 6, 3, padding="same", bias=False)
            self.bn = nn.BatchNorm2d(6)
            self.dropout1 = nn.Dropout(0.25)
            self.dropout2 = nn.Dropout2d(0.5)
            self.fc1 = nn.Linear(6 * 25, 16)
            self.fc2 = nn.Linear(16, 10)

        def forward(self, x):
            x = F.relu(self.conv1(x))
            x = self.dropout2(F.relu(self.bn(self.conv2(x))))
            x = self.dropout1(torch.flatten(F.max_pool2d(x, 2), 1))
            return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)

    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(8):
        x, y = torch.randn(16, 1, 12, 12), torch.randint(0, 10, (16,))
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        yield loss.item()


def language_model(torch):
    nn, F = torch.nn, torch.nn.functional

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(30, 16)
            self.rnn = nn.LSTM(16, 16, 2, dropout=0.2, batch_first=True)
            layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(16, 30)

        def forward(self, x):
            states, _ = self.rnn(self.embedding(x))
            return self.head(self.encoder(states))

    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(6):
        x = torch.randint(0, 30, (4, 9))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[:, :-1]).reshape(-1, 30), x[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def adversaries(torch):
    nn = torch.nn
    generator = nn.Sequential(
        nn.ConvTranspose2d(8, 4, 4, 1, 0, bias=False), nn.BatchNorm2d(4), nn.ReLU(True),
        nn.ConvTranspose2d(4, 1, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip
    critic = nn.Sequential(
        nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True), nn.Flatten(), nn.Linear(64, 1)
    )

    def start(module):
        if "Conv" in type(module).__name__:
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif "BatchNorm" in type(module).__name__:
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)

    generator.apply(start)
    critic.apply(start)
    criterion = nn.BCEWithLogitsLoss()
    optimizers = [torch.optim.Adam(m.parameters(), 2e-3, (0.5, 0.999)) for m in (critic, generator)]
    for _ in range(5):
        real, noise = torch.randn(6, 1, 8, 8), torch.randn(6, 8, 1, 1)
        fake = generator(noise)
        optimizers[0].zero_grad()
        loss = criterion(critic(real), torch.ones(6, 1))
        loss = loss + criterion(critic(fake.detach()), torch.zeros(6, 1))
        loss.backward()
        optimizers[0].step()
        yield loss.item()
        optimizers[1].zero_grad()
        loss = criterion(critic(fake), torch.ones(6, 1))
        loss.backward()
        optimizers[1].step()
        yield loss.item()


def gradient_penalty(torch):
    """A loss that holds a gradient: second derivatives through layers."""
    nn = torch.nn
    critic = nn.Sequential(nn.Linear(5, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 1))
    optimizer = torch.optim.AdamW(critic.parameters(), lr=1e-2)
    for _ in range(6):
        x = torch.randn(7, 5, requires_grad=True)
        score = critic(x)
        (slope,) = torch.autograd.grad(score.sum(), x, create_graph=True)
        loss = score.mean() + 10 * ((slope.norm(2, dim=1) - 1) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@pytest.mark.parametrize(
    "program",
    [convolutional, language_model, adversaries, gradient_penalty],
    ids=lambda p: p.__name__,
)
def test_the_same_losses(program):
    losses = []
    for m in (sg, pytorch()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            m.manual_seed(0)
            losses.append(list(program(m)))
    np.testing.assert_allclose(*losses, rtol=2e-5)
