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

# Half of Tabler is for parts that we do not use: tabler.scss names the others.
node_modules/.bin/sass --no-source-map --style=compressed --quiet tabler.scss vendor/tabler/tabler.min.css
# Its package holds no licence file; it is the same text (MIT, Paweł Kuna) as that of its icons.
cp node_modules/@tabler/icons/LICENSE                vendor/tabler/LICENSE

cp node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2 vendor/inter/inter.woff2
cp node_modules/@fontsource-variable/inter/LICENSE                             vendor/inter/LICENSE

cp node_modules/@tabler/icons/LICENSE vendor/icons/LICENSE
node sprite.mjs icons.txt node_modules/@tabler/icons/icons vendor/icons/icons.svg

# Source maps are not shipped: drop the references, which would be 404s in the developer tools.
sed -i '/^\/[/*]# sourceMappingURL=/d; s#/\*\# sourceMappingURL=[^*]*\*/##; s#//\# sourceMappingURL=.*$##' \
  vendor/htmx/*.js

du -ab vendor | sort -k2
