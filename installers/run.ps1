# Sets Fieldapp up where needed and opens its window (with a fieldbook, if one is named). Windows 10 or newer:
#   powershell -ExecutionPolicy Bypass -File installers\run.ps1
#   powershell -ExecutionPolicy Bypass -File installers\run.ps1 -Extra train        (beside it: torch, to make models fit a dialect)
param(
    [ValidateSet("train", "cluster", "test")] [string[]] $Extra = @(),
    [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Words = @()
)
$ErrorActionPreference = "Stop"
Set-StrictMode -Version Latest
$root = Split-Path -Parent $PSScriptRoot
$venv = Join-Path $root ".venv"
$python = Join-Path $venv "Scripts\python.exe"
$stamp = Join-Path $venv ".fieldapp-setup"

function Stop-With([string] $sentence) {
    [Console]::Error.WriteLine("fieldapp setup: $sentence")
    exit 1
}

# The newest Python that is 3.11 or later, as a command and its first words.
function Find-Python {
    foreach ($candidate in @(@("py", "-3.13"), @("py", "-3.12"), @("py", "-3.11"), @("py", "-3"), @("python"))) {
        if (-not (Get-Command $candidate[0] -ErrorAction SilentlyContinue)) { continue }
        $rest = @($candidate | Select-Object -Skip 1)
        $ErrorActionPreference = "Continue"
        & $candidate[0] @rest -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>$null
        $fits = $LASTEXITCODE -eq 0
        $ErrorActionPreference = "Stop"
        if ($fits) { return , $candidate }
    }
    Stop-With "Python 3.11 or newer is needed. Install it from python.org (tick 'Add to PATH') and run this again."
}

function Get-State {
    $files = @("pyproject.toml", "installers\requirements.lock", "installers\run.ps1") | ForEach-Object { Join-Path $root $_ }
    return ($files | ForEach-Object { (Get-FileHash -Algorithm SHA256 -LiteralPath $_).Hash }) -join "-"
}

$extras = @("window") + $Extra
$state = Get-State
$ready = $false
if ((Test-Path -LiteralPath $stamp) -and (Test-Path -LiteralPath $python)) {
    $lines = @(Get-Content -LiteralPath $stamp)
    $installed = @($lines[0] -split " ")
    $missing = @($extras | Where-Object { $installed -notcontains $_ })
    $ready = ($lines.Count -gt 1) -and ($lines[1] -eq $state) -and ($missing.Count -eq 0)
    $extras = @($extras + $installed | Sort-Object -Unique)
}

Push-Location $root
try {
    if (-not $ready) {
        if (-not (Test-Path -LiteralPath $python)) {
            $found = Find-Python
            $rest = @($found | Select-Object -Skip 1)
            & $found[0] @rest -m venv $venv
            if ($LASTEXITCODE -ne 0) { Stop-With "the Python environment could not be made in $venv" }
        }
        [Console]::Error.WriteLine("fieldapp setup: installing Python packages ($extras); some minutes the first time")
        $env:HNSWLIB_NO_NATIVE = "1"  # hnswlib comes as source; its own default is code for this very processor only
        & $python -m pip --disable-pip-version-check --no-input install -q --constraint installers\requirements.lock --editable ".[$($extras -join ',')]"
        if ($LASTEXITCODE -ne 0) {
            Stop-With "the Python packages could not be installed. hnswlib is built here and needs the 'Desktop development with C++' part of Microsoft's Build Tools."
        }
        Set-Content -LiteralPath $stamp -Value @(($extras -join " "), $state) -Encoding ascii
    }
    & $python -m fieldapp @Words
    exit $LASTEXITCODE
}
finally {
    Pop-Location
}
