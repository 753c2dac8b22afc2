#!/bin/sh
# Copies the few third-party files that the pages use from node_modules into vendor/, with their
# licences, and builds the icon sprite. vendor/ is committed: neither Maven nor a running portal
# needs Node. Run it only to change a version or to add an icon (icons.txt).
set -eu
cd "$(dirname "$0")"

npm ci --ignore-scripts --no-audit --no-fund --silent

rm -rf vendor
mkdir -p vendor/htmx vendor/tabler vendor/inter vendor/icons

cp node_modules/htmx.org/dist/htmx.min.js        vendor/htmx/htmx.min.js
cp node_modules/htmx.org/dist/ext/hx-sse.min.js  vendor/htmx/hx-sse.min.js
cp node_modules/htmx.org/LICENSE                 vendor/htmx/LICENSE

cp node_modules/@tabler/core/dist/css/tabler.min.css vendor/tabler/tabler.min.css
cp node_modules/@tabler/core/LICENSE                 vendor/tabler/LICENSE 2>/dev/null \
  || cp node_modules/@tabler/icons/LICENSE           vendor/tabler/LICENSE

cp node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2 vendor/inter/inter.woff2
cp node_modules/@fontsource-variable/inter/LICENSE                             vendor/inter/LICENSE

cp node_modules/@tabler/icons/LICENSE vendor/icons/LICENSE
node sprite.mjs icons.txt node_modules/@tabler/icons/icons vendor/icons/icons.svg

# Source maps are not shipped: drop the references, which would be 404s in the developer tools.
sed -i '/^\/[/*]# sourceMappingURL=/d; s#/\*\# sourceMappingURL=[^*]*\*/##; s#//\# sourceMappingURL=.*$##' \
  vendor/htmx/*.js vendor/tabler/*.css

du -ab vendor | sort -k2
